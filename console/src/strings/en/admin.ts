import { adminModels } from './adminModels';
import { adminPeople } from './adminPeople';
import { adminSystem } from './adminSystem';

export const admin = {
  title: 'Administration',
  pages: {
    people: 'People', access: 'Access', tokens: 'Tokens', models: 'Models', policies: 'Policies', keys: 'Keys', settings: 'Settings', jobs: 'Jobs', health: 'Health',
  },
  leads: {
    people: 'Everybody who can sign in, and the service accounts that programs use.',
    access: 'Which role somebody holds, and where. Ask who may do something; the answer comes with its reason.',
    tokens: 'What programs sign in with. An application that reads prompts needs a delivery token of its environment.',
    models: 'The models this installation may call, what they may cost, and which data they may be given.',
    policies: 'What this installation forbids beyond the rules that come with the product. A policy only forbids; it never permits.',
    keys: 'The keys that sign releases, checkpoints of the audit log and evidence. Only public parts are shown.',
    settings: 'What the server runs with, and where each value comes from. Settings are changed where the server runs.',
    jobs: 'Work done in the background: test runs, schedules, deliveries of events.',
    health: 'How the parts of the running system are. The page refreshes every 5 seconds.',
  },
  typeToConfirm: (name: string) => `Type ${name} to confirm`,
  noProject: (project: string) => `There is no project ${project}.`,
  noEnvironment: (environment: string, project: string) => `${project} has no environment ${environment}.`,
  actions: 'Actions',
  actionsFor: (name: string) => `Actions for ${name}`,
  search: 'Search',
  all: 'All',
  remove: 'Remove',
  edit: 'Edit',
  roles: {
    viewer: 'reads',
    author: 'writes prompts',
    reviewer: 'reviews changes',
    validator: 'validates independently',
    approver: 'approves',
    risk: 'approves for risk and accepts exceptions',
    publisher: 'publishes and rolls back',
    emergency: 'publishes in an emergency',
    auditor: 'reads the audit log and evidence',
  },
  ...adminPeople,
  ...adminModels,
  ...adminSystem,
} as const;
