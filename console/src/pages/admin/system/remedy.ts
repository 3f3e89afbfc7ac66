/** What to do about a part that is not well; the server's sentence says what is wrong. */
import { strings } from '@/strings';

const remedies = strings.admin.health.remedies;

export function remedyOf(part: string): string {
  return (remedies as Readonly<Record<string, string>>)[part.split(' ')[0] ?? ''] ?? remedies.other;
}
