// SPDX-License-Identifier: BSD-2-Clause
/*
 * holdfastctl: parses the command line, sends the request to the daemon and prints the answer. One
 * table lists all commands.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client.h"
#include "cli/counters.h"
#include "cli/detach.h"
#include "cli/events.h"
#include "cli/migrate.h"
#include "client/text.h"
#include "cli/view.h"
#include "cli/watch.h"
#include "core/nearest.h"
#include "version.h"

#define MAX_PARTS 4

struct options {
	struct client_target target;
	bool json, follow, watch, check, force;
	const char *svg, *config_id;
	const char *instance; /* the command's argument, or NULL */
	char **words;	      /* all arguments of the command */
	int n_words;
};

struct command {
	const char *name, *argument, *help;
	enum cli_exit (*run)(const struct options *opt, const struct command *cmd);
	const char *verb;	      /* the "command" of the request */
	void (*view)(json_object *);  /* questions: prints the answer as text */
	const char *parts[MAX_PARTS]; /* questions: the members that --json prints; none: all */
	const char *done;	      /* orders: the message on success; %s is the instance */
};

static enum cli_exit run_question(const struct options *opt, const struct command *cmd);
static enum cli_exit run_status(const struct options *opt, const struct command *cmd);
static enum cli_exit run_counters(const struct options *opt, const struct command *cmd);
static enum cli_exit run_order(const struct options *opt, const struct command *cmd);
static enum cli_exit run_clear(const struct options *opt, const struct command *cmd);
static enum cli_exit run_reload(const struct options *opt, const struct command *cmd);
static enum cli_exit run_config(const struct options *opt, const struct command *cmd);
static enum cli_exit run_detach(const struct options *opt, const struct command *cmd);
static enum cli_exit run_migrate(const struct options *opt, const struct command *cmd);
static enum cli_exit run_watch(const struct options *opt, const struct command *cmd);
static enum cli_exit run_events(const struct options *opt, const struct command *cmd);

static const struct command commands[] = {
    {"status",
     "[INSTANCE]",
     "state, alarms, data path; --check: for monitoring",
     run_status,
     "status",
     view_status,
     {NULL},
     NULL},
    {"watch",
     NULL,
     "the status as a screen that refreshes itself",
     run_watch,
     NULL,
     NULL,
     {NULL},
     NULL},
    {"bgp",
     NULL,
     "BGP sessions and their last errors",
     run_question,
     "status",
     view_bgp,
     {"bgp"},
     NULL},
    {"checks",
     NULL,
     "health checks and their last results",
     run_question,
     "status",
     view_checks,
     {"checks"},
     NULL},
    {"counters",
     "[--watch]",
     "traffic of each address, adverts refused; --watch: rates",
     run_counters,
     "status",
     view_counters,
     {"adverts", "refusals", "offenders", "traffic"},
     NULL},
    {"events",
     "[--follow]",
     "the last transitions; --follow: also new ones",
     run_events,
     "events",
     NULL,
     {NULL},
     NULL},
    {"explain",
     "[NUMBER]",
     "explains a transition; --svg FILE: a picture",
     run_events,
     "events",
     NULL,
     {NULL},
     NULL},
    {"handover",
     "INSTANCE",
     "give the mastership to another node; says which one",
     run_order,
     "handover",
     NULL,
     {NULL},
     "%s is handed over"},
    {"drain",
     "[INSTANCE]",
     "out of service when another node serves; --force: always",
     run_order,
     "drain",
     NULL,
     {NULL},
     "drained"},
    {"undrain",
     "[INSTANCE]",
     "end a drain: take part again",
     run_order,
     "undrain",
     NULL,
     {NULL},
     "undrained"},
    {"reload",
     "[--force]",
     "read the configuration again; --force: even with errors",
     run_reload,
     NULL,
     NULL,
     {NULL},
     "the daemon has read its configuration"},
    {"config",
     NULL,
     "the configuration that runs, and whether the file differs",
     run_config,
     "config",
     NULL,
     {NULL},
     NULL},
    {"clear",
     "[NEIGHBOR]",
     "close BGP sessions and open them again at once",
     run_clear,
     NULL,
     NULL,
     {NULL},
     "cleared"},
    {"detach",
     NULL,
     "remove what a daemon that has ended left in the kernel",
     run_detach,
     NULL,
     NULL,
     {NULL},
     NULL},
    {"migrate",
     "FILE ...",
     "explains what Holdfast does with a keepalived.conf, ...",
     run_migrate,
     NULL,
     NULL,
     {NULL},
     NULL},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_json(json_object *obj)
{
	int style = isatty(STDOUT_FILENO) ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
					  : JSON_C_TO_STRING_PLAIN;

	puts(json_object_to_json_string_ext(obj, style | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void print_parts(json_object *answer, const struct command *cmd)
{
	json_object *chosen = json_object_new_object();

	for (int i = 0; i < MAX_PARTS && cmd->parts[i]; i++) {
		json_object *part = json_get(answer, cmd->parts[i]);

		json_object_object_add(chosen, cmd->parts[i], json_object_get(part));
	}
	print_json(cmd->parts[0] ? chosen : answer);
	json_object_put(chosen);
}

static enum cli_exit run_question(const struct options *opt, const struct command *cmd)
{
	json_object *answer;
	enum cli_exit status = client_ask(&opt->target, cmd->verb, NULL, true, &answer);

	if (status != CLI_DONE)
		return status;
	if (opt->json) {
		print_parts(answer, cmd);
	} else {
		text_make_printable(answer);
		cmd->view(answer);
	}
	json_object_put(answer);
	return status;
}

static void suggest_instance(const struct options *opt);

static json_object *find_named(json_object *answer, const char *list, const char *name)
{
	for (size_t i = 0; i < json_length(answer, list); i++) {
		json_object *one = json_at(answer, list, i);

		if (strcmp(json_text(one, "name"), name) == 0)
			return one;
	}
	return NULL;
}

/* The instance or service that the command line names; NULL: the reason is printed. */
static json_object *named_subject(const struct options *opt, json_object *answer, bool *service)
{
	json_object *one = find_named(answer, "instances", opt->instance);

	*service = !one;
	if (!one)
		one = find_named(answer, "services", opt->instance);
	if (one)
		return one;
	client_complain("no instance %s", opt->instance);
	suggest_instance(opt);
	return NULL;
}

static enum cli_exit show_status(const struct options *opt, json_object *answer)
{
	json_object *one = NULL;
	bool service = false;

	if (opt->instance) {
		one = named_subject(opt, answer, &service);
		if (!one)
			return CLI_REFUSED;
	}
	if (!opt->json)
		text_make_printable(answer);
	if (opt->json)
		print_json(one ? one : answer);
	else if (one)
		service ? view_service(answer, one) : view_instance(answer, one);
	else if (opt->check)
		return view_verdict(answer);
	else
		view_status(answer);
	return CLI_DONE;
}

static enum cli_exit run_status(const struct options *opt, const struct command *cmd)
{
	json_object *answer;
	enum cli_exit status;

	if (opt->check && (opt->json || opt->instance)) {
		client_complain("status: --check stands alone");
		return CLI_USAGE;
	}
	status = client_ask(&opt->target, cmd->verb, NULL, true, &answer);
	if (status == CLI_DONE)
		status = show_status(opt, answer);
	json_object_put(answer);
	return status;
}

static void offer_names(struct nearest *near, json_object *status, const char *list)
{
	for (size_t i = 0; i < json_length(status, list); i++)
		nearest_offer(near, json_text(json_at(status, list, i), "name"));
}

/* After a refusal: suggests an instance or a service whose name is similar. */
static void suggest_instance(const struct options *opt)
{
	struct nearest near = nearest_start(opt->instance);
	json_object *status;

	if (client_ask(&opt->target, "status", NULL, true, &status) != CLI_DONE)
		return;
	offer_names(&near, status, "instances");
	offer_names(&near, status, "services");
	if (near.best && near.distance > 0)
		client_complain("did you mean %s?", near.best);
	json_object_put(status);
}

/* Prints the daemon's note, or the message of the command if there is none. Frees `answer`. */
static void print_done(const struct options *opt, const struct command *cmd, json_object *answer)
{
	const char *hole = strstr(cmd->done, "%s");

	if (!opt->json)
		text_make_printable(answer);
	if (opt->json)
		print_json(answer);
	else if (json_text(answer, "note")[0])
		text_paragraph(0, 4, "%s", json_text(answer, "note"));
	else if (hole)
		text_paragraph(0, 4, "%s%s", opt->instance, hole + 2);
	else
		text_paragraph(0, 4, "%s", cmd->done);
	json_object_put(answer);
}

static enum cli_exit run_order(const struct options *opt, const struct command *cmd)
{
	json_object *answer;
	enum cli_exit status =
	    client_move(&opt->target, cmd->verb, opt->instance, opt->force, &answer);

	if (status == CLI_REFUSED && opt->instance)
		suggest_instance(opt);
	if (status == CLI_DONE)
		print_done(opt, cmd, answer);
	return status;
}

static enum cli_exit run_clear(const struct options *opt, const struct command *cmd)
{
	json_object *answer;
	enum cli_exit status = client_clear(&opt->target, opt->instance, &answer);

	if (status == CLI_DONE)
		print_done(opt, cmd, answer);
	return status;
}

static enum cli_exit run_reload(const struct options *opt, const struct command *cmd)
{
	json_object *answer;
	enum cli_exit status;

	if (opt->instance) {
		client_complain("reload: takes --force, nothing else");
		return CLI_USAGE;
	}
	status = client_reload(&opt->target, opt->force, &answer);
	if (status == CLI_DONE)
		print_done(opt, cmd, answer);
	return status;
}

static enum cli_exit run_config(const struct options *opt, const struct command *cmd)
{
	json_object *answer;
	enum cli_exit status = client_ask(&opt->target, cmd->verb, NULL, false, &answer);

	if (status != CLI_DONE)
		return status;
	if (opt->json)
		print_json(answer);
	else
		fputs(json_text(answer, "text"), stdout);
	if (json_true(answer, "file_differs")) {
		client_complain("the file differs: check it with holdfastd -t, then holdfastctl "
				"reload puts it in force");
		status = CLI_FILE_DIFFERS;
	}
	json_object_put(answer);
	return status;
}

static enum cli_exit run_detach(const struct options *opt, const struct command *cmd)
{
	(void)cmd;
	return detach_run(opt->target.name, opt->json);
}

static enum cli_exit run_migrate(const struct options *opt, const struct command *cmd)
{
	(void)cmd;
	return migrate((unsigned int)opt->n_words, opt->words, opt->config_id, opt->json);
}

static enum cli_exit usage_error(void)
{
	fputs("Try: holdfastctl --help\n", stderr);
	return CLI_USAGE;
}

static enum cli_exit run_counters(const struct options *opt, const struct command *cmd)
{
	if (opt->instance) {
		client_complain("counters: takes --watch, nothing else");
		return usage_error();
	}
	return opt->watch ? counters_watch(&opt->target, opt->json) : run_question(opt, cmd);
}

static enum cli_exit run_watch(const struct options *opt, const struct command *cmd)
{
	if (opt->json) {
		client_complain("%s: no JSON; use: holdfastctl status --json", cmd->name);
		return usage_error();
	}
	return watch_screen(&opt->target, watch_frame);
}

static enum cli_exit run_events(const struct options *opt, const struct command *cmd)
{
	bool explain = strcmp(cmd->name, "explain") == 0;
	struct events_options events = {.target = opt->target,
					.json = opt->json,
					.follow = opt->follow,
					.number = opt->instance,
					.svg = opt->svg};

	if (explain ? opt->follow : opt->svg || opt->instance) {
		client_complain(explain ? "explain: --follow belongs to events"
					: "events: takes --follow, nothing else");
		return CLI_USAGE;
	}
	return explain ? explain_run(&events) : events_run(&events);
}

static void print_help(FILE *to)
{
	fputs("Usage: holdfastctl [--name NAME] COMMAND [--json]\n\nCommands:\n", to);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const char *argument = commands[i].argument ? commands[i].argument : "";

		fprintf(to, "  %s%s%-*s %s\n", commands[i].name, argument[0] ? " " : "",
			20 - (int)strlen(commands[i].name) - (argument[0] ? 1 : 0), argument,
			commands[i].help);
	}
	fputs("\nOptions:\n"
	      "  --name NAME           the daemon's name, as given to holdfastd (holdfast)\n"
	      "  --json                the answer as JSON; on one line if not to a terminal\n"
	      "  -h, --help            this text\n"
	      "  --version             the version\n"
	      "\nExit status: 0 done, 1 refused, 2 usage, 3 no daemon.\n"
	      "Of status --check: 0 fine, 1 alarms, 2 not serving, 3 no daemon.\n"
	      "Of config: 0 the file is what runs, 1 it differs, or refused.\n",
	      to);
}

static const struct command *find_command(const char *name)
{
	struct nearest near = nearest_start(name);

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		nearest_offer(&near, commands[i].name);
	}
	if (near.best)
		client_complain("unknown command %s; did you mean %s?", name, near.best);
	else
		client_complain("unknown command %s", name);
	return NULL;
}

static bool takes_force(const struct command *cmd)
{
	return cmd->run == run_reload || strcmp(cmd->name, "drain") == 0 ||
	       strcmp(cmd->name, "handover") == 0;
}

/* Runs the command that `argv` begins with. */
static enum cli_exit run_command(struct options *opt, int argc, char **argv)
{
	const struct command *cmd;

	if (argc == 0) {
		print_help(stderr);
		return CLI_USAGE;
	}
	cmd = find_command(argv[0]);
	if (!cmd)
		return usage_error();
	if (argc > (cmd->argument ? 2 : 1) && cmd->run != run_migrate) {
		client_complain("%s: too many arguments", cmd->name);
		return usage_error();
	}
	if (argc < (cmd->argument && cmd->argument[0] != '[' ? 2 : 1)) {
		client_complain("%s: name the %s", cmd->name, cmd->argument);
		return usage_error();
	}
	opt->instance = argv[1];
	opt->words = argv + 1;
	opt->n_words = argc - 1;
	if ((opt->follow || opt->svg) && cmd->run != run_events) {
		client_complain("%s: --follow belongs to events, --svg to explain", cmd->name);
		return usage_error();
	}
	if (opt->check && cmd->run != run_status) {
		client_complain("%s: --check belongs to status", cmd->name);
		return usage_error();
	}
	if (opt->watch && cmd->run != run_counters) {
		client_complain("%s: --watch belongs to counters", cmd->name);
		return usage_error();
	}
	if (opt->config_id && cmd->run != run_migrate) {
		client_complain("%s: -i belongs to migrate", cmd->name);
		return usage_error();
	}
	if (opt->force && !takes_force(cmd)) {
		client_complain("%s: --force belongs to reload, drain and handover", cmd->name);
		return usage_error();
	}
	return cmd->run(opt, cmd);
}

enum long_option {
	OPT_NAME = 256,
	OPT_JSON,
	OPT_VERSION,
	OPT_RUN_DIR,
	OPT_FOLLOW,
	OPT_SVG,
	OPT_WATCH,
	OPT_FORCE,
	OPT_CHECK
};

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
	    {"name", required_argument, NULL, OPT_NAME},
	    {"json", no_argument, NULL, OPT_JSON},
	    {"follow", no_argument, NULL, OPT_FOLLOW},
	    {"svg", required_argument, NULL, OPT_SVG},
	    {"watch", no_argument, NULL, OPT_WATCH},
	    {"force", no_argument, NULL, OPT_FORCE},
	    {"config-id", required_argument, NULL, 'i'},
	    {"check", no_argument, NULL, OPT_CHECK},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, OPT_VERSION},
	    {"run-dir", required_argument, NULL, OPT_RUN_DIR}, /* for tests: instead of /run */
	    {NULL, 0, NULL, 0},
	};
	struct options opt = {.target = {"/run", "holdfast"}};
	int c;

	while ((c = getopt_long(argc, argv, "hi:", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_NAME:
			opt.target.name = optarg;
			break;
		case OPT_JSON:
			opt.json = true;
			break;
		case OPT_FOLLOW:
			opt.follow = true;
			break;
		case OPT_SVG:
			opt.svg = optarg;
			break;
		case OPT_WATCH:
			opt.watch = true;
			break;
		case 'i':
			opt.config_id = optarg;
			break;
		case OPT_FORCE:
			opt.force = true;
			break;
		case OPT_CHECK:
			opt.check = true;
			break;
		case OPT_RUN_DIR:
			opt.target.run_dir = optarg;
			break;
		case OPT_VERSION:
			puts("holdfastctl " HF_VERSION);
			return CLI_DONE;
		case 'h':
			print_help(stdout);
			return CLI_DONE;
		default:
			return usage_error();
		}
	}
	if (!opt.target.name[0] || strchr(opt.target.name, '/')) {
		client_complain("--name: \"%s\" is no daemon's name", opt.target.name);
		return usage_error();
	}
	return (int)run_command(&opt, argc - optind, argv + optind);
}
