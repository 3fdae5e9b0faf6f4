// Image files in a NATS object store, one object per digest.
export { openImageStore } from './image-store.ts';
export type { ImageStore, StoredFile, Upload } from './port.ts';
