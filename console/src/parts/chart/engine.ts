/** The parts of ECharts that are used, drawn as SVG. */
import { BarChart, HeatmapChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import type { EChartsOption } from 'echarts';
import { SVGRenderer } from 'echarts/renderers';
import { SERIES } from './Chart';

register([BarChart, LineChart, HeatmapChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);

/** The page's own colours as a theme, read when a chart is begun. */
function colours(): object {
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, line, surface] = ['--ink', '--ink-soft', '--line', '--surface'].map((name) => style.getPropertyValue(name).trim());
  const axis = {
    axisLabel: { color: soft },
    axisLine: { lineStyle: { color: line } },
    axisTick: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line } },
    nameTextStyle: { color: soft },
  };
  return {
    color: SERIES,
    textStyle: { color: ink, fontFamily: 'system-ui, sans-serif' },
    legend: { textStyle: { color: soft } },
    tooltip: { backgroundColor: surface, borderColor: line, textStyle: { color: ink } },
    categoryAxis: axis,
    valueAxis: axis,
    timeAxis: axis,
    logAxis: axis,
  };
}

/** Draw into an element, and again when its size or the theme changes; returns what ends it. */
export function draw(element: HTMLElement, option: EChartsOption): () => void {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const begin = (): ReturnType<typeof init> => {
    const made = init(element, colours(), { renderer: 'svg' });
    made.setOption({ grid: { left: 8, right: 12, top: 32, bottom: 8, containLabel: true }, animation: !still, animationDuration: 150, ...option });
    return made;
  };
  let chart = begin();
  const size = new ResizeObserver(() => chart.resize());
  size.observe(element);
  const theme = new MutationObserver(() => {
    chart.dispose();
    chart = begin();
  });
  theme.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
  return () => {
    size.disconnect();
    theme.disconnect();
    chart.dispose();
  };
}
