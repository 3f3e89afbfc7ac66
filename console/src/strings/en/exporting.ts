import { counted } from './common';

export const exporting = {
  title: (count: number) => `Export ${counted(count, 'prompt')}`,
  format: 'Format',
  formats: {
    directory: 'Prompt file, as it is (.prompt.yml)', github: 'GitHub prompt file (fragments in place)', prompty: 'Prompty (.prompty)', dotprompt: 'Dotprompt (.prompt)', langfuse: 'Langfuse (JSON)', mlflow: 'MLflow (JSON)', promptfoo: 'promptfoo configuration', csv: 'Table (CSV)', 'directory:md': 'Text alone (.md)', 'directory:txt': 'Text alone (.txt)',
  },
  files: (count: number) => counted(count, 'file'),
  losses: (count: number) => `This format cannot carry ${count === 1 ? 'one thing' : `${count.toLocaleString('en')} things`}`,
  more: (count: number) => `and ${count.toLocaleString('en')} more`,
  download: 'Download',
  zip: 'Download as a zip file',
} as const;
