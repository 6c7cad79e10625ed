import type { WindowMessage } from './window-message.js';

/** Messages that may go, in the order in which they were given to the window. */
export class ReadyMessages {
  private readonly messages: WindowMessage[] = [];

  first(): WindowMessage | undefined {
    return this.messages[0];
  }

  add(message: WindowMessage): void {
    const last = this.messages.at(-1);
    if (!last || last.sequence < message.sequence) this.messages.push(message);
    else this.messages.splice(this.placeOf(message), 0, message);
  }

  remove(message: WindowMessage): void {
    if (this.messages[0] === message) this.messages.shift();
    else {
      const place = this.placeOf(message);
      if (this.messages[place] === message) this.messages.splice(place, 1);
    }
  }

  private placeOf({ sequence }: WindowMessage): number {
    let [low, high] = [0, this.messages.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.messages[middle] as WindowMessage).sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
