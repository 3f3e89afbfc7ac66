/** A chart, and the same as a table for people who would rather read. ECharts is loaded when the first chart is shown. */
import { Button, Skeleton } from '@mantine/core';
import type { EChartsOption } from 'echarts';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

export interface ChartProps {
  /** What is read aloud, and the table's caption. */
  readonly label: string;
  readonly option: EChartsOption;
  readonly table: { readonly head: readonly string[]; readonly rows: readonly (readonly ReactNode[])[] };
  readonly height?: number;
}

/** Colours of the page, read when drawn so that both themes fit. Safe for colour blindness (Okabe and Ito 2008). */
export const SERIES = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8c8c8c'];

export function Chart({ label, option, table, height = 260 }: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure style={{ margin: 0 }} aria-label={label}>
      <div style={{ display: 'flex', justifyContent: 'flex-end' }}>
        <Button size="compact-xs" variant="subtle" onClick={() => setAsTable(!asTable)}>{asTable ? strings.common.showAsChart : strings.common.showAsTable}</Button>
      </div>
      {asTable ? (
        <div className={classes.scroll} style={{ maxHeight: height }}>
          <table className={classes.table}>
            <caption hidden>{label}</caption>
            <thead><tr>{table.head.map((name) => <th key={name}>{name}</th>)}</tr></thead>
            <tbody>{table.rows.map((row, at) => <tr key={at}>{row.map((cell, column) => <td key={column}>{cell}</td>)}</tr>)}</tbody>
          </table>
        </div>
      ) : <Drawing option={option} height={height} label={label} />}
    </figure>
  );
}

function Drawing({ option, height, label }: { readonly option: EChartsOption; readonly height: number; readonly label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    let stop = (): void => {};
    let gone = false;
    void again(() => import('./engine')).then(({ draw }) => {
      if (gone) return;
      stop = draw(element, option);
      setReady(true);
    });
    return () => {
      gone = true;
      stop();
    };
  }, [option]);
  return (
    <div style={{ position: 'relative', height }}>
      {!ready && <Skeleton height={height} />}
      <div ref={place} role="img" aria-label={label} style={{ position: 'absolute', inset: 0 }} />
    </div>
  );
}
