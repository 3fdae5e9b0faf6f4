// The AsyncAPI 3 document: the subjects, their publishers, and the messages.
import { SUBJECT_PREFIX, VERBS } from '@ironlog/schemas';

const id = (description: string): object => ({ description: `${description}: 1-63 characters of a-z, 0-9 and "-"` });
const message = (name: string, file: string): object => ({
  name,
  contentType: 'application/cloudevents+json',
  payload: { $ref: `./json/${file}.json` },
});

export const asyncApi = (): object => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Ironlog on NATS JetStream',
    version: '1.0.0',
    description:
      'Commands, accepted work, and the events that are the source of truth. Messages are CloudEvents 1.0 in structured JSON mode.',
    license: { name: 'Apache-2.0' },
  },
  defaultContentType: 'application/cloudevents+json',
  channels: {
    command: {
      address: `${SUBJECT_PREFIX}.cmd.{tenant}.{vm}.{verb}`,
      description: 'Stream COMMANDS: the NATS ingress. An empty body is a command with every default.',
      parameters: { tenant: id('the tenant of the credential'), vm: id('the VM'), verb: { enum: [...VERBS] } },
      messages: { command: { ...message('IngressCommand', 'ingress-command'), contentType: 'application/json' } },
    },
    work: {
      address: `${SUBJECT_PREFIX}.work.{target}.{tenant}.{vm}.{verb}`,
      description: 'Stream WORK: accepted commands of HTTP and NATS, placed on a host, or on `any` while no host fits.',
      parameters: { target: id('a host, or any'), tenant: id('tenant'), vm: id('VM'), verb: { enum: [...VERBS] } },
      messages: { work: message('WorkCommand', 'work-command') },
    },
    vmEvent: {
      address: `${SUBJECT_PREFIX}.evt.vm.{tenant}.{vm}.{writer}.{class}`,
      description: 'Stream EVENTS: the events of a VM, with their writer.',
      parameters: {
        tenant: id('tenant'),
        vm: id('VM'),
        writer: id('the owner host, recovery, or gateway'),
        class: { enum: ['fact', 'failure'] },
      },
      messages: { event: { name: 'VmEvent', contentType: 'application/cloudevents+json' } },
    },
    rejection: {
      address: `${SUBJECT_PREFIX}.evt.cmd.{tenant}.{writer}.rejected`,
      description: 'Stream EVENTS: a rejected command, with the reason.',
      parameters: { tenant: id('tenant'), writer: id('a host, or gateway') },
      messages: { rejected: message('CommandRejected', 'command-rejected') },
    },
    hostEvent: {
      address: `${SUBJECT_PREFIX}.evt.host.{host}.{writer}.{class}`,
      description: 'Stream EVENTS: the events of a host.',
      parameters: { host: id('host'), writer: id('that host, or recovery'), class: { enum: ['fact', 'failure'] } },
      messages: { event: { name: 'HostEvent', contentType: 'application/cloudevents+json' } },
    },
    imageEvent: {
      address: `${SUBJECT_PREFIX}.evt.image.{image}.gateway.fact`,
      description: 'Stream EVENTS: an image was added, with the digests of its files, or removed.',
      parameters: { image: id('image') },
      messages: { event: { name: 'ImageEvent', contentType: 'application/cloudevents+json' } },
    },
  },
  operations: {
    sendCommand: {
      action: 'send',
      channel: { $ref: '#/channels/command' },
      summary: 'Send a command to a VM.',
    },
    receiveVmEvents: {
      action: 'receive',
      channel: { $ref: '#/channels/vmEvent' },
      summary: 'Receive the events of VMs.',
    },
    receiveRejections: {
      action: 'receive',
      channel: { $ref: '#/channels/rejection' },
      summary: 'Receive rejections.',
    },
  },
});
