// SPDX-License-Identifier: BSD-2-Clause
/*
 * The terminal of `watch`: its alternate screen, single keys, its size, and all of it given back at
 * the end, whatever that was. Plain ANSI sequences, which every terminal of today knows. Rejected:
 * ncurses, a library and a database of terminals for five sequences.
 */
#include "cli/watch.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cli/text.h"

#define EVERY_MS      1000
#define ALTERNATE_ON  "\x1b[?1049h\x1b[?25l" /* and no cursor */
#define ALTERNATE_OFF "\x1b[?25h\x1b[?1049l"
#define HOME	      "\x1b[H"
#define CLEAR_LINE    "\x1b[K"
#define CLEAR_BELOW   "\x1b[J"

static volatile sig_atomic_t ended;

static void on_end(int signo)
{
	(void)signo;
	ended = 1;
}

static void on_resize(int signo)
{
	(void)signo; /* poll() returns, and the next screen has the new size */
}

static void catch_signals(void)
{
	struct sigaction end = {.sa_handler = on_end}, resize = {.sa_handler = on_resize};

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGWINCH, &resize, NULL);
}

void watch_fit(FILE *f, const char *text, unsigned int columns, unsigned int rows)
{
	unsigned int column = 0, row = 0;

	/* Cleared before it is written: behind a full line it would take the last character away.
	 */
	fputs(CLEAR_LINE, f);
	for (; *text && row < rows; text++) {
		bool continues = ((unsigned char)*text & 0xc0) == 0x80; /* of a UTF-8 character */

		if (*text == '\n') {
			if (++row < rows) /* behind the last one the screen would roll */
				fputs("\r\n" CLEAR_LINE, f);
			column = 0;
		} else if (*text == '\x1b') {
			size_t len = strcspn(text, "m");

			fwrite(text, 1, len + (text[len] != '\0'), f);
			text += text[len] ? len : len - 1;
		} else {
			column += !continues;
			if (column <= columns)
				fputc(*text, f);
		}
	}
	if (row < rows)
		fputs(CLEAR_BELOW, f);
}

static void show(watch_frame_fn frame, json_object *now, json_object *before, double seconds)
{
	const char *no_color = getenv("NO_COLOR");
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	frame(f, now, before, seconds, !(no_color && no_color[0]));
	fclose(f);
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	fputs(HOME, stdout);
	watch_fit(stdout, text, size.ws_col ? size.ws_col : 80, size.ws_row ? size.ws_row : 24);
	fflush(stdout);
	free(text);
}

/* Waits for the next turn; false: the user has had enough. */
static bool wait_turn(void)
{
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
	char key;

	if (ended)
		return false;
	if (poll(&keys, 1, EVERY_MS) > 0 &&
	    (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q'))
		return false;
	return !ended;
}

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static void run(const struct client_target *target, watch_frame_fn frame)
{
	json_object *before = NULL;
	struct timespec then = {0};

	do {
		json_object *now = NULL;
		struct timespec at;

		clock_gettime(CLOCK_MONOTONIC, &at);
		fputs(HOME, stdout); /* where a complaint goes if there is no answer */
		fflush(stdout);
		if (client_ask(target, "status", NULL, true, &now) == CLI_DONE) {
			text_make_printable(now);
			show(frame, now, before, seconds_between(&then, &at));
		} else {
			fputs(CLEAR_BELOW, stdout);
			fflush(stdout);
		}
		json_object_put(before);
		before = now;
		then = at;
	} while (wait_turn());
	json_object_put(before);
}

enum cli_exit watch_screen(const struct client_target *target, watch_frame_fn frame)
{
	struct termios was, raw;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &was) < 0) {
		client_complain("watch: this is no terminal; use: holdfastctl status");
		return CLI_USAGE;
	}
	raw = was;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	catch_signals();
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(ALTERNATE_ON, stdout);
	run(target, frame);
	fputs(ALTERNATE_OFF, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &was);
	return CLI_DONE;
}
