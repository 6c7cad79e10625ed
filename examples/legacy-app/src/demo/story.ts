/** Tells on stdout what happens, in words that a newcomer follows. */
export class Story {
  private chapters = 0;
  private readonly broken: string[] = [];
  private readonly startedAt = Date.now();

  chapter(title: string): void {
    this.chapters++;
    this.write(`\n${this.chapters}. ${title}`);
  }

  say(text: string): void {
    this.write(`   ${text}`);
  }

  /** A promise of the product: said when it held, kept as broken when it did not. */
  promise(held: boolean, text: string): void {
    this.write(`   ${held ? '✓' : '✗'} ${text}`);
    if (!held) this.broken.push(text);
  }

  summary(figures: Record<string, string>): void {
    this.write('\nSummary');
    const width = Math.max(...Object.keys(figures).map((name) => name.length));
    for (const [name, figure] of Object.entries(figures)) this.write(`   ${name.padEnd(width)}  ${figure}`);
    const seconds = Math.round((Date.now() - this.startedAt) / 1000);
    this.write(
      this.broken.length === 0
        ? `\nEverything held, in ${seconds} s.`
        : `\nNot everything held:\n${this.broken.map((text) => `   ✗ ${text}`).join('\n')}`,
    );
  }

  get everythingHeld(): boolean {
    return this.broken.length === 0;
  }

  private write(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}
