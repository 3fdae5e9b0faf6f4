// The access of each role, in one table.
import type { Role } from '@ironlog/service-kit';

/** `public`: no token. `read`, `command`: within the caller's tenant. `hosts`, `images`: the hosts and the images, which all tenants share. */
export type Access = 'public' | 'read' | 'command' | 'hosts' | 'images';

const ALLOWED: Readonly<Record<Exclude<Access, 'public'>, readonly Role[]>> = {
  read: ['viewer', 'operator', 'auditor', 'admin'],
  command: ['operator', 'admin'],
  hosts: ['admin', 'auditor'],
  images: ['admin'],
};

export const mayAccess = (role: Role, access: Exclude<Access, 'public'>): boolean => ALLOWED[access].includes(role);

export const rolesFor = (access: Exclude<Access, 'public'>): readonly Role[] => ALLOWED[access];
