/** What a shell reads to complete `dhow`: each asks `dhow __complete` with the words so far, the last one being typed. */
export const completionScripts: Readonly<Record<string, string>> = {
  bash: `# bash completion for dhow; load it by: source <(dhow completion bash)
_dhow() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line files=
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files) files=1 ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ -n "$files" ]; then
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    compopt -o filenames
  fi
  # Bash takes a colon for the beginning of a word.
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$current"; fi
}
complete -F _dhow dhow
`,
  zsh: `#compdef dhow
# zsh completion for dhow; load it by: source <(dhow completion zsh)
_dhow() {
  local line files=
  local -a candidates
  while IFS= read -r line; do
    if [[ "$line" == :files ]]; then files=1; continue; fi
    local word="\${line%%$'\\t'*}" help="\${line#*$'\\t'}"
    word="\${word//:/\\\\:}"
    if [[ "$line" == *$'\\t'* ]]; then candidates+=("$word:$help"); else candidates+=("$word"); fi
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe 'dhow' candidates
  [[ -n "$files" ]] && _files
}
compdef _dhow dhow
`,
  fish: `# fish completion for dhow; load it by: dhow completion fish | source
function __dhow_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answer ($words[1] __complete $words[2..-1] 2>/dev/null)
  for line in $answer
    if test "$line" = :files
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c dhow -f -a '(__dhow_complete)'
`,
};
