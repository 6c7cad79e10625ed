import type { Argument, Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Options whose value is the name of a file. */
const ofFiles = new Set(['--data-source', '--app', '--config', '--out']);

/** A script that completes commands, options and fixed values; it never starts the program itself. */
export function completionScript(program: Command, shell: Shell): string {
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return scripts[shell](program.name(), program);
}

function longNames(options: readonly Option[]): string[] {
  return options.flatMap(({ long }) => long ?? []);
}

function choicesOf({ registeredArguments }: Command): string[] {
  return registeredArguments.flatMap(({ argChoices }: Argument) => argChoices ?? []);
}

function bashScript(name: string, program: Command): string {
  const common = longNames(program.options);
  const names = program.commands.map((command) => command.name());
  const cases = program.commands.map((command) => {
    const words = [...choicesOf(command), ...longNames(command.options), ...common];
    return `    ${command.name()}) words='${words.join(' ')}' ;;`;
  });
  const values = [program, ...program.commands].flatMap(({ options }) =>
    options
      .filter(({ argChoices }) => argChoices)
      .map(({ long, argChoices }) => `    ${long}) words='${argChoices?.join(' ')}' ;;`),
  );
  return `# bash: source <(npx ${name} completion bash)
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names.join('|')}) command=$word; break ;; esac
  done
  case $command in
${cases.join('\n')}
    *) words='${[...names, ...common].join(' ')}' ;;
  esac
  case $previous in
    ${[...ofFiles].join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${name} ${name}
`;
}

function zshScript(name: string, program: Command): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const described = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');
  const option = ({ long, description, required, optional, argChoices }: Option): string => {
    const files = ofFiles.has(long ?? '') ? '_files' : ' ';
    const value = required || optional ? `:value:${argChoices ? `(${argChoices.join(' ')})` : files}` : '';
    return quoted(`${long}[${described(description)}]${value}`);
  };
  const specifications = (command: Command): string =>
    [...command.options, ...program.options].map(option).join(' ');
  const commands = program.commands.map(
    (command) => `    ${quoted(`${command.name()}:${described(command.description())}`)}`,
  );
  const cases = program.commands.map((command) => {
    const choices = choicesOf(command);
    const values = choices.length > 0 ? `(${choices.join(' ')})` : ' ';
    return `      ${command.name()}) _arguments ${specifications(command)} '*:value:${values}' ;;`;
  });
  return `#compdef ${name}
# zsh: source <(npx ${name} completion zsh), behind compinit; or save it as _${name} in a folder of $fpath
_${name}() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${commands.join('\n')}
  )
  _arguments -C ${program.options.map(option).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument) case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}
compdef _${name} ${name}
`;
}

function fishScript(name: string, program: Command): string {
  const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const option = (
    condition: string,
    { long, description, required, optional, argChoices }: Option,
  ): string => {
    const value = required || optional ? (ofFiles.has(long ?? '') ? ' -r -F' : ' -x') : '';
    const choices = argChoices ? ` -a ${quoted(argChoices.join(' '))}` : '';
    return `complete -c ${name}${condition} -l ${long?.slice(2)}${value}${choices} -d ${quoted(description)}`;
  };
  const lines = program.commands.flatMap((command) => {
    const inside = ` -n '__fish_seen_subcommand_from ${command.name()}'`;
    const choices = choicesOf(command);
    return [
      `complete -c ${name} -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.description())}`,
      ...(choices.length > 0 ? [`complete -c ${name}${inside} -a ${quoted(choices.join(' '))}`] : []),
      ...command.options.map((each) => option(inside, each)),
    ];
  });
  return `# fish: npx ${name} completion fish | source
complete -c ${name} -f
${[...program.options.map((each) => option('', each)), ...lines].join('\n')}
`;
}
