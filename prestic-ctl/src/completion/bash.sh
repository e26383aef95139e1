# shellcheck shell=bash
# Completions for bash: asks `prestic-ctl` what may stand where.
_prestic_ctl() {
    # bash takes words apart at `@`, `:` and `=`; the line itself has them whole.
    local line=${COMP_LINE:0:COMP_POINT} current='' answer separator=$'\013' words
    read -ra words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then
        words+=('')
    else
        current=${words[${#words[@]} - 1]}
    fi
    answer=$(PRESTIC_COMPLETE=bash _CLAP_IFS=$separator _CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) \
        command "${words[0]}" -- "${words[@]}" 2>/dev/null) || return
    IFS=$separator read -ra COMPREPLY <<<"$answer"
    # bash replaces only the part of the word that it has handed over.
    local known=''
    [[ $current == *"$2" ]] && known=${current%"$2"}
    COMPREPLY=("${COMPREPLY[@]#"$known"}")
    # A name may have characters that mean something to the shell.
    local index
    for index in "${!COMPREPLY[@]}"; do
        [[ ${COMPREPLY[index]} =~ ^[[:alnum:]_./@:+,=%-]*$ ]] || printf -v "COMPREPLY[index]" %q "${COMPREPLY[index]}"
    done
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
    return 0
}
if ! complete -o bashdefault -o nosort -F _prestic_ctl prestic-ctl 2>/dev/null; then
    complete -o bashdefault -F _prestic_ctl prestic-ctl
fi
