/** What a part of a prompt is called above its lines. */
import { strings } from '@/strings';
import type { Place } from './places';

const words = strings.diff;

export function headingOf(place: Place): string {
  if (place.part === 'message') {
    const message = place.role === undefined ? words.parts.message : (words.roles[place.role] ?? words.roleMessage(place.role));
    return place.variant === undefined ? message : words.inVariant(place.variant, message.charAt(0).toLowerCase() + message.slice(1));
  }
  if (place.part === 'variant' && place.variant !== undefined) return words.variant(place.variant);
  return words.parts[place.part];
}
