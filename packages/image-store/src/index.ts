// The files of images in a NATS object store, each once and under its digest.
export { openImageStore } from './image-store.ts';
export type { ImageStore, StoredFile, Upload } from './port.ts';
