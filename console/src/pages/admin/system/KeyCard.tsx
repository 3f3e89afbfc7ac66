/** One signing key: its state in plain words, what to copy, and taking it back. */
import { Group, Text } from '@mantine/core';
import { IconArchive, IconCircleCheck, IconClock, IconX } from '@tabler/icons-react';
import type { KeyOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { AllowedButton } from '../AllowedButton';
import { Copied } from './Copied';
import classes from '../admin.module.css';

const words = strings.admin.keys;
const LOOKS = { signing: ['good', IconCircleCheck], announced: ['warn', IconClock], retired: ['idle', IconArchive], revoked: ['bad', IconX] } as const;

export interface KeyCardProps {
  readonly of: KeyOut;
  readonly onRevoke: () => void;
}

export function KeyCard({ of: key, onRevoke }: KeyCardProps) {
  const [tone, icon] = LOOKS[key.state];
  const gone = key.state === 'revoked';
  return (
    <section className={classes.card} aria-label={words.key(key.id)}>
      <Group justify="space-between" align="start" mb={6}>
        <Group gap="xs">
          <Text fw={600} ff="monospace">{key.id}</Text>
          <Chip tone={tone} icon={icon}>{words.states[key.state]}</Chip>
        </Group>
        {!gone && <AllowedButton action="system:manage" variant="default" size="compact-sm" c="var(--bad)" label={words.revokeOf(key.id)} onClick={onRevoke}>{words.revoke}</AllowedButton>}
      </Group>
      <Text size="sm" component="div"><State of={key} /></Text>
      {key.signed_by && !gone && <Text size="sm" c="dimmed">{words.vouched} <span className={classes.fingerprint}>{key.signed_by}</span>.</Text>}
      {!gone && <Copied label={words.public} what={words.copyPublic(key.id)} value={key.public} />}
      <Copied label={words.fingerprint} what={words.copyFingerprint(key.id)} value={key.fingerprint} />
    </section>
  );
}

function State({ of: key }: { readonly of: KeyOut }) {
  if (key.state === 'signing') return <>{words.since} <Time at={key.signs_from} exact />{key.retired_at && <>{words.until} <Time at={key.retired_at} /></>}.<Why told={key.announced} /></>;
  if (key.state === 'announced') return <>{words.signsFrom} <Time at={key.signs_from} /> (<Time at={key.signs_from} exact />). {words.announcedAt} <Time at={key.created_at} /><Why told={key.announced} named /></>;
  if (key.state === 'retired') return <>{words.signedFrom} <Time at={key.signs_from} exact /> {words.signedTo} <Time at={key.retired_at} exact />. {words.staysRight}</>;
  return <>{words.revokedAt} <Time at={key.revoked_at} /><Why told={key.revoked} named /> {words.countsNoMore}</>;
}

/** By whom, and the reason they gave; the audit log may have forgotten either. */
function Why({ told, named = false }: { readonly told: KeyOut['revoked']; readonly named?: boolean }) {
  const by = named && told?.by ? ` ${words.by(told.by)}` : '';
  if (!told?.reason) return named ? `${by}.` : null;
  return named ? `${by}: ${words.because(told.reason)}.` : null;
}
