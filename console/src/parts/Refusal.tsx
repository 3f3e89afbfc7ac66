/** A refusal where it was caused: what was wrong, where, and what to do. */
import { Alert, Button, List, Text } from '@mantine/core';
import { IconAlertTriangle, IconLock, IconPlugConnectedX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { NoServer, ProblemError, type Wrong } from '@/api/problem';
import { plainly } from '@/parts/fieldFaults';
import { strings } from '@/strings';

const words = strings.common;

function placeOf(wrong: Wrong): string {
  const place = [wrong.pointer ?? wrong.field ?? (typeof wrong.key === 'string' ? wrong.key.replace(/^body\./, '') : undefined), wrong.line === undefined ? undefined : `line ${wrong.line}`].filter(Boolean).join(', ');
  const text = plainly(wrong.detail ?? wrong.message ?? '');
  return place === '' ? text : `${place}: ${text}`;
}

export interface RefusalProps {
  readonly fault: unknown;
  readonly onRetry?: () => void;
  /** The way out, where this page has one. */
  readonly children?: ReactNode;
}

export function Refusal({ fault, onRetry, children }: RefusalProps) {
  if (fault === null || fault === undefined) return null;
  const retry = onRetry && <Button mt="xs" size="xs" variant="default" onClick={onRetry}>{words.retry}</Button>;
  if (fault instanceof NoServer) {
    return <Alert color="orange" icon={<IconPlugConnectedX size={18} />} role="alert" data-refusal>{words.noServer}{retry}</Alert>;
  }
  if (!(fault instanceof ProblemError)) {
    return <Alert color="red" icon={<IconAlertTriangle size={18} />} role="alert" data-refusal>{fault instanceof Error ? fault.message : String(fault)}{retry}</Alert>;
  }
  // Not being allowed is no alarm, and asking again changes nothing.
  const denied = fault.status === 403;
  const { title, detail, remedy, errors, request_id: id } = fault.problem;
  return (
    <Alert color={denied ? 'gray' : 'red'} icon={denied ? <IconLock size={18} /> : <IconAlertTriangle size={18} />} title={title} role="alert" data-refusal>
      <Text size="sm">{detail}</Text>
      {errors && errors.length > 0 && (
        <List size="sm" mt={4}>{errors.slice(0, 20).map((wrong, at) => <List.Item key={at}>{placeOf(wrong)}</List.Item>)}</List>
      )}
      {remedy && <Text size="sm" mt={4}><strong>{words.whatToDo}: </strong>{remedy}</Text>}
      {fault.status >= 500 && id && <Text size="xs" c="dimmed" mt={4}>{words.requestId(id)}</Text>}
      {children}
      {!denied && retry}
    </Alert>
  );
}
