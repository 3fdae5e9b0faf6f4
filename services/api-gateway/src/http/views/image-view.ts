// An image as HTTP answers it, with the live hosts that VMs of it can run on.
import {
  fitsHypervisor,
  type Heartbeat,
  hypervisorKindSchema,
  type ImageManifest,
  type ImageView,
} from '@ironlog/schemas';
import type { Api } from '../api.ts';

export interface StoredImage {
  readonly image: ImageManifest;
  readonly addedAt: string;
}

export const storedImageView = (
  { hosts }: { readonly hosts: Pick<Api['hosts'], 'live'> },
  { image, addedAt }: StoredImage,
): ImageView => {
  const fits = hypervisorKindSchema.options.filter((kind) => fitsHypervisor(image, kind));
  const runs = ({ hypervisors }: Heartbeat): boolean => hypervisors.some((kind) => fits.includes(kind));
  return {
    ...image,
    hypervisors: fits,
    default: false,
    description: '',
    hosts: hosts
      .live()
      .filter(runs)
      .map(({ host }) => host)
      .toSorted(),
    addedAt,
  };
};

/** What the hosts themselves offer, by id. */
export const hostImageViews = ({ hosts }: { readonly hosts: Pick<Api['hosts'], 'live'> }): readonly ImageView[] => {
  const images = new Map<string, ImageView>();
  for (const { host, images: catalogue } of hosts.live()) {
    for (const image of catalogue) {
      const known = images.get(image.id);
      const hypervisors = new Set([...(known?.hypervisors ?? []), ...image.hypervisors]);
      images.set(image.id, { ...image, hypervisors: [...hypervisors], hosts: [...(known?.hosts ?? []), host] });
    }
  }
  return [...images.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
};
