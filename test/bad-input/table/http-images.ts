// Bad requests to the routes of images: tars that are none or hold what they should not, and ids that are none.
import {
  bare,
  type HttpRow,
  type HttpRows,
  INVALID,
  longUrl,
  NO_JSON,
  NO_PATH,
  type Problem,
  pathText,
  row,
  sql,
} from './http-row.ts';
import { none } from './kinds.ts';
import { PATH_TEXT, SQL_TEXT } from './names.ts';
import { bzImage, elf, qcow2, type TarEntry, tarOf } from './tar.ts';

const TAR = { 'content-type': 'application/x-tar' };
const NO_TAR: Problem = [415, 'unsupported-media-type'];
const NO_IMAGE: Problem = [404, 'not-found'];

const JSON_OF_IMAGE = { id: 'bad-image', architecture: 'x86_64', kernel: { file: 'vmlinux', format: 'elf' } };
const KERNEL: TarEntry = { name: 'vmlinux', content: elf() };

const upload = (body: string | Uint8Array, answer: HttpRow['answer'] = INVALID, headers = TAR): HttpRow =>
  row('/v1/images', answer, { body, headers });
const describedBy = (content: string, ...files: readonly TarEntry[]): HttpRow =>
  upload(tarOf([{ name: 'image.json', content }, ...files]));
const image = (fields: object, ...files: readonly TarEntry[]): HttpRow =>
  describedBy(JSON.stringify({ ...JSON_OF_IMAGE, ...fields }), ...files);
/** A whole image with one entry more, or another one in the kernel's place. */
const entries = (...files: readonly TarEntry[]): HttpRow => image({}, ...files);
const disk = (format: string, content: Uint8Array): HttpRow =>
  image({ rootDisk: { file: 'root.img', format } }, KERNEL, { name: 'root.img', content });

const adding: HttpRows = {
  'unknown field': [
    image({ nonsense: 1 }, KERNEL),
    image({ kernel: { ...JSON_OF_IMAGE.kernel, path: '/boot/vmlinuz' } }, KERNEL),
    row('/v1/images?nonsense=1', INVALID, { body: tarOf([]), headers: TAR }),
    entries(KERNEL, { name: 'more.img', content: 'x' }),
    entries(KERNEL, KERNEL),
    entries(KERNEL, { name: 'image.json', content: '{}' }),
  ],
  'wrong type': [
    upload('{}', NO_TAR, { 'content-type': 'application/json' }),
    upload('x', NO_TAR, { 'content-type': 'text/plain' }),
    describedBy('[]'),
    image({ kernel: 'vmlinux' }, KERNEL),
    image({ architecture: 'riscv64' }, KERNEL),
    image({ hypervisors: ['xen'] }, KERNEL),
    image(
      { hypervisors: ['firecracker'], kernel: { file: 'vmlinux', format: 'bzImage' } },
      { name: 'vmlinux', content: bzImage() },
    ),
    entries({ name: 'vmlinux', content: 'MZ'.repeat(1024) }),
    entries({ name: 'vmlinux', content: bzImage() }),
    image({ kernel: { file: 'vmlinux', format: 'bzImage' } }, KERNEL),
    disk('raw', qcow2()),
    disk('qcow2', Buffer.alloc(1024)),
    disk('qcow2', qcow2({ backing: 104n })),
    disk('qcow2', qcow2({ features: 4n })),
  ],
  'out of range': [
    upload(tarOf([])),
    entries(),
    entries({ name: 'vmlinux' }),
    upload(tarOf([KERNEL, { name: 'image.json', content: JSON.stringify(JSON_OF_IMAGE) }])),
    image({ hypervisors: [] }, KERNEL),
    image({ hypervisors: ['qemu', 'qemu'] }, KERNEL),
    image({ args: 'x'.repeat(1025) }, KERNEL),
    image({ kernel: { ...JSON_OF_IMAGE.kernel, digest: `sha256-${'0'.repeat(64)}` } }, KERNEL),
    image({ initrd: { file: 'vmlinux' } }, KERNEL),
  ],
  'too large': [
    describedBy(JSON.stringify({ ...JSON_OF_IMAGE, args: 'x'.repeat(70_000) }), KERNEL),
    entries({ ...KERNEL, size: 0o77777777777 }),
    longUrl('/v1/images'),
  ],
  'not JSON': [
    describedBy('{"id":'),
    describedBy('{"__proto__":{}}'),
    upload('{}'.repeat(1024)),
    upload(Buffer.from([0x1f, 0x8b, 8, 0, ...Buffer.alloc(1020)])),
    upload(tarOf([{ name: 'image.json', content: JSON.stringify(JSON_OF_IMAGE) }, KERNEL]).subarray(0, 1800)),
  ],
  'foreign tenant': none("images are under all tenants; the token's role decides"),
  'illegal state': none('an image has no state'),
  'unknown VM': none('it names no VM'),
  'unknown image': none('it adds one'),
  'path characters': [
    image({ id: PATH_TEXT }, KERNEL),
    image({ kernel: { file: '../vmlinux', format: 'elf' } }, KERNEL),
    image({ kernel: { file: '/boot/vmlinuz', format: 'elf' } }, KERNEL),
    entries({ ...KERNEL, name: '../vmlinux' }),
    entries({ ...KERNEL, name: '/vmlinux' }),
    entries({ ...KERNEL, name: 'boot/vmlinux' }),
    entries({ name: 'vmlinux', type: '1', linkTo: '/etc/passwd' }),
    entries({ name: 'vmlinux', type: '2', linkTo: '/etc/passwd' }),
    entries({ name: 'vmlinux', type: '3' }),
    entries({ name: 'vmlinux', type: '4' }),
    entries({ name: 'vmlinux', type: '5' }),
    entries({ name: 'vmlinux', type: '6' }),
    entries({ name: 'vmlinux', type: '7' }),
    entries({ ...KERNEL, type: 'S' }),
  ],
  'SQL characters': [image({ id: SQL_TEXT }, KERNEL), row(`/v1/images?q=${sql}`, INVALID, { body: '', headers: TAR })],
  'past startBy': none('it starts nothing'),
};

const ofImage: HttpRows = {
  ...bare('/v1/images/no-such-image'),
  'unknown image': [row('/v1/images/no-such-image', NO_IMAGE)],
  'foreign tenant': none('images are the same for every tenant'),
  'path characters': [
    row(`/v1/images/${pathText}`, INVALID),
    row('/v1/images/a%00b', INVALID),
    row(`/v1/images/${'x'.repeat(200)}`, INVALID),
    row(`/v1/images/demo/${pathText}`, NO_PATH),
  ],
  'SQL characters': [row(`/v1/images/${sql}`, INVALID)],
};

const toHost = (host: string, id: string, answer: Problem, more: Pick<HttpRow, 'body'> = {}): HttpRow =>
  row(`/v1/hosts/${host}/images/${id}`, answer, more);
const toHostOne = '/v1/hosts/host-1/images/demo';

const fetching: HttpRows = {
  'unknown field': [
    row(toHostOne, INVALID, { body: { nonsense: 1 } }),
    row(`${toHostOne}?nonsense=1`, INVALID, { body: {} }),
  ],
  'wrong type': [row(toHostOne, INVALID, { body: [] }), row(toHostOne, NO_TAR, { body: 'x', headers: TAR })],
  'out of range': none('it takes no number'),
  'too large': [longUrl(toHostOne)],
  'not JSON': [row(toHostOne, NO_JSON, { body: '{' })],
  'foreign tenant': none("hosts and images are under all tenants; the token's role decides"),
  'illegal state': none('it may be fetched at any time'),
  'unknown VM': none('it names no VM'),
  // The hosts' own images are there already, and nobody's to fetch.
  'unknown image': [toHost('host-1', 'no-such-image', NO_IMAGE), toHost('host-1', 'demo', NO_IMAGE)],
  'path characters': [
    toHost('host-1', pathText, INVALID),
    toHost(pathText, 'demo', INVALID),
    toHost('host-1', 'a%00b', INVALID),
    toHost('x'.repeat(200), 'demo', INVALID),
  ],
  'SQL characters': [toHost('host-1', sql, INVALID), toHost(sql, 'demo', INVALID)],
  'past startBy': none('it has no startBy'),
};

export const IMAGE_ROUTES: Readonly<Record<string, HttpRows>> = {
  'POST /v1/images': adding,
  'GET /v1/images/{id}': ofImage,
  'POST /v1/hosts/{host}/images/{id}': fetching,
  'DELETE /v1/images/{id}': {
    ...ofImage,
    'not JSON': none('a DELETE has no body'),
    'illegal state': none("the gateway's own tests have an image in use"),
  },
};
