// SPDX-License-Identifier: BSD-2-Clause
/*
 * The terminal of `watch`: its alternate screen, single keys and its size. The terminal is restored
 * at the end, also after a signal. Plain ANSI sequences are enough for present terminals. Rejected:
 * ncurses, a library and a database of terminals for five sequences.
 */
#include "cli/watch.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "client/text.h"

#define EVERY_MS      1000
#define ALTERNATE_ON  "\x1b[?1049h\x1b[?25l" /* also hides the cursor */
#define ALTERNATE_OFF "\x1b[?25h\x1b[?1049l"
#define HOME	      "\x1b[H"
#define CLEAR_LINE    "\x1b[K"
#define CLEAR_BELOW   "\x1b[J"

static volatile sig_atomic_t ended;
static unsigned int skipped;   /* lines that are scrolled away */
static unsigned int page_rows; /* rows of the screen when it was last drawn */

static void on_end(int signo)
{
	(void)signo;
	ended = 1;
}

static void on_resize(int signo)
{
	(void)signo; /* poll() returns; the next screen has the new size */
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

	/* Clears each line before it is written: after a full line the last character would be
	 * erased. */
	fputs(CLEAR_LINE, f);
	for (; *text && row < rows; text++) {
		bool continues = ((unsigned char)*text & 0xc0) == 0x80; /* of a UTF-8 character */

		if (*text == '\n') {
			if (++row < rows) /* after the last line a newline would scroll the
					   * screen */
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

/* The number of lines in `text`. */
static unsigned int count_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* The start of line `n`, counted from 0. */
static char *line_at(char *text, unsigned int n)
{
	for (; n > 0 && *text; text++)
		n -= *text == '\n';
	return text;
}

void watch_scroll(char *text, unsigned int rows, unsigned int *skip, char *more, size_t size)
{
	unsigned int lines = count_lines(text), room = rows > 2 ? rows - 2 : 1, last;
	char *body = line_at(text, 1), *from;

	more[0] = '\0';
	if (lines <= rows) {
		*skip = 0;
		return;
	}
	last = lines - 1 - room; /* the first line stays; the last row has the note */
	if (*skip > last)
		*skip = last;
	from = line_at(body, *skip);
	*line_at(from, room) = '\0';
	memmove(body, from, strlen(from) + 1);
	snprintf(more, size, "-- %u more above, %u more below: up, down, space, b", *skip,
		 last - *skip);
}

static void show(watch_frame_fn frame, json_object *now, json_object *before, double seconds)
{
	const char *no_color = getenv("NO_COLOR");
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	char *text = NULL, *whole = NULL, more[80];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	frame(f, now, before, seconds, !(no_color && no_color[0]));
	fclose(f);
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	page_rows = size.ws_row ? size.ws_row : 24;
	watch_scroll(text, page_rows, &skipped, more, sizeof(more));
	fputs(HOME, stdout);
	if (asprintf(&whole, "%s%s", text, more) >= 0) {
		watch_fit(stdout, whole, size.ws_col ? size.ws_col : 80, page_rows);
		free(whole);
	}
	fflush(stdout);
	free(text);
}

/* Moves the view according to the key; false: quit. */
static bool obey(const char *keys)
{
	unsigned int page = page_rows > 3 ? page_rows - 3 : 1, up = 0, down = 0;

	if (keys[0] == 'q' || keys[0] == 'Q')
		return false;
	if (strcmp(keys, "\x1b[A") == 0 || strcmp(keys, "k") == 0)
		up = 1;
	else if (strcmp(keys, "\x1b[B") == 0 || strcmp(keys, "j") == 0)
		down = 1;
	else if (strcmp(keys, "\x1b[5~") == 0 || strcmp(keys, "b") == 0)
		up = page;
	else if (strcmp(keys, "\x1b[6~") == 0 || strcmp(keys, " ") == 0)
		down = page;
	else if (strcmp(keys, "g") == 0 || strcmp(keys, "\x1b[H") == 0)
		up = skipped;
	else if (strcmp(keys, "G") == 0 || strcmp(keys, "\x1b[F") == 0)
		down = UINT_MAX / 2; /* watch_scroll() limits it to the end */
	skipped = skipped > up ? skipped - up : 0;
	skipped += down;
	return true;
}

/* Waits for the next turn; false: quit. */
static bool wait_turn(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char keys[8] = "";
	ssize_t n;

	if (ended)
		return false;
	if (poll(&input, 1, EVERY_MS) > 0) {
		n = read(STDIN_FILENO, keys, sizeof(keys) - 1);
		if (n <= 0 || !obey(keys))
			return false;
	}
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
		fputs(HOME, stdout); /* client_ask() may print a message */
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
