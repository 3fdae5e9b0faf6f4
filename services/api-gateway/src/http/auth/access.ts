// Who may do what: the one table of roles.
import type { Role } from '@ironlog/service-kit';

/** `public`: no token. `read`, `command`: within the caller's tenant. `hosts`: the machines under all tenants. `images`: what VMs are made of, for all tenants. */
export type Access = 'public' | 'read' | 'command' | 'hosts' | 'images';

const ALLOWED: Readonly<Record<Exclude<Access, 'public'>, readonly Role[]>> = {
  read: ['viewer', 'operator', 'auditor', 'admin'],
  command: ['operator', 'admin'],
  hosts: ['admin', 'auditor'],
  images: ['admin'],
};

export const mayAccess = (role: Role, access: Exclude<Access, 'public'>): boolean => ALLOWED[access].includes(role);

export const rolesFor = (access: Exclude<Access, 'public'>): readonly Role[] => ALLOWED[access];
