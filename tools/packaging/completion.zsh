#compdef holdfastctl
# SPDX-License-Identifier: BSD-2-Clause
# zsh completion of holdfastctl. Commands come from the program's own help, names of instances from
# the daemon: there is no second list to keep.

_holdfastctl_commands() {
	local -a commands
	commands=(${(f)"$(_call_program commands $words[1] --help 2>/dev/null | awk '
		/^Commands:/ { on = 1; next }
		/^$/         { on = 0 }
		on {
			name = $1
			$1 = ""
			if ($2 ~ /^\[?[A-Z]+\]?$/) $2 = ""
			sub(/^ +/, "")
			print name ":" $0
		}')"})
	_describe -t commands command commands
}

_holdfastctl_argument() {
	local argument
	local -a instances
	argument=$($service --help 2>/dev/null | sed -n "s/^  $line[1] \(\[*[A-Z][A-Z]*\]*\) .*/\1/p")
	case $argument in
	*INSTANCE*)
		instances=(${(f)"$($service ${opt_args[--name]:+--name $opt_args[--name]} status 2>/dev/null |
			sed -n 's/^\(.*\): \(INIT\|BACKUP\|MASTER\|FAULT\), priority .*/\1/p')"})
		_describe -t instances instance instances
		;;
	*FILE*) _files ;;
	*) _message 'no argument' ;;
	esac
}

_holdfastctl_daemons() {
	local -a names
	names=(/run/*/status(N=:h:t))
	_describe -t daemons daemon names
}

_arguments -S \
	'--name[the name of the daemon]:name:_holdfastctl_daemons' \
	'--json[the answer as JSON]' \
	'(- *)'{-h,--help}'[help]' \
	'(- *)--version[the version]' \
	'1:command:_holdfastctl_commands' \
	'2:argument:_holdfastctl_argument'
