// SPDX-License-Identifier: BSD-2-Clause
/*
 * The picture of one transition: each step has a row with a dot at its time. The axis must show
 * microseconds and half a minute, so it is logarithmic on both sides of the detection. Each decade
 * from 10 us on has the same width and is linear inside. No external fonts, scripts or files are
 * needed. Rejected: a linear axis, on which all fast steps would be in one pixel.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/explain.h"
#include "client/text.h"

#define WIDTH	   1000
#define LABELS	   330 /* the texts of the steps are left of this column */
#define RIGHT	   100 /* room for a time after the last dot */
#define TOP	   116
#define ROW	   26
#define MAX_ROWS   64
#define TITLE_FITS 96 /* characters of the title that fit into WIDTH at its usual size */
#define STEP_FITS  50 /* of a step, into LABELS */
#define FIRST_US   10 /* the axis is linear up to here */
#define EDGE_US	   INT64_C(100000000000) /* 28 hours: later steps are drawn at the edge */

/* The part that did a step, and its colour. */
static const struct {
	const char *who, *colour;
	const char *steps[8];
} actors[] = {
    {"old master", "#6b7280", {"last_advert", "last_answer", "deadline"}},
    {"kernel", "#2563eb", {"detected"}},
    {"daemon", "#15803d", {"woken", "decided", "address_added", "address_removed", "advert"}},
    {"BGP", "#c2410c", {"update", "announced"}},
    {"script",
     "#7e22ce",
     {"notify_asked", "notify_started", "notify_ended", "notify_superseded", "before_master_asked",
      "before_master_ended", "before_master_late"}},
};

#define N_ACTORS (sizeof(actors) / sizeof(actors[0]))

/* Writes text with its markup characters escaped. XML allows no control characters: a browser shows
 * nothing of a picture that contains one. */
static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '>')
			fputs("&gt;", to);
		else
			putc((unsigned char)*text < 0x20 ? '?' : *text, to);
	}
}

static void __attribute__((format(printf, 6, 7)))
put_text(FILE *to, int64_t x, int64_t y, const char *style, const char *colour, const char *fmt,
	 ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(to, "<text x=\"%" PRId64 "\" y=\"%" PRId64 "\" fill=\"%s\" %s>", x, y, colour,
		style);
	put_escaped(to, text);
	fputs("</text>\n", to);
}

/* Makes the style of a text: a text of more than `fits` characters gets a smaller font than `size`,
 * because the picture would cut it off. Returns `style`. */
static const char *fitted(char style[80], const char *rest, double size, const char *text,
			  unsigned int fits)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	if (n > fits)
		size = size * fits / n;
	snprintf(style, 80, "%s font-size=\"%.1f\"", rest, size);
	return style;
}

/* The distance from the detection at which `us` is drawn, in thousandths of a decade. */
static int64_t distance(int64_t us)
{
	int64_t low = FIRST_US, decade = 0, size;

	size = us > EDGE_US || us < -EDGE_US ? EDGE_US : llabs(us);
	if (size < FIRST_US)
		return size * 1000 / FIRST_US;
	for (; size > low * 10; decade++)
		low *= 10;
	return 1000 + decade * 1000 + (size - low) * 1000 / (low * 9);
}

/* The part of the axis that is drawn. */
struct axis {
	int64_t left, right; /* thousandths of a decade before and after the detection */
};

static struct axis axis_of(json_object *event)
{
	struct axis axis = {1000, 1000};

	for (size_t i = 0; i < json_length(event, "steps"); i++) {
		int64_t us = json_int(json_at(event, "steps", i), "us"), d = distance(us);

		if (us < 0 && d > axis.left)
			axis.left = d;
		if (us > 0 && d > axis.right)
			axis.right = d;
	}
	return axis;
}

static int64_t place(const struct axis *axis, int64_t us)
{
	int64_t at = axis->left + (us < 0 ? -distance(us) : distance(us));

	return LABELS + at * (WIDTH - LABELS - RIGHT) / (axis->left + axis->right);
}

static const char *short_time(int64_t us, char buf[32])
{
	int64_t size = llabs(us);
	const char *sign = us < 0 ? "-" : "";

	if (size >= 1000000)
		snprintf(buf, 32, "%s%" PRId64 " s", sign, size / 1000000);
	else if (size >= 1000)
		snprintf(buf, 32, "%s%" PRId64 " ms", sign, size / 1000);
	else
		snprintf(buf, 32, "%s%" PRId64 " µs", sign, size);
	return buf;
}

static void draw_line(FILE *to, const struct axis *axis, int64_t us, int64_t bottom)
{
	int64_t x = place(axis, us);
	char text[32];

	fprintf(to,
		"<line x1=\"%" PRId64 "\" y1=\"%d\" x2=\"%" PRId64 "\" y2=\"%" PRId64
		"\" stroke=\"%s\"/>\n",
		x, TOP - 6, x, bottom, us == 0 ? "#374151" : "#e5e7eb");
	put_text(to, x, TOP - 12, "text-anchor=\"middle\" font-size=\"11\"", "#4b5563", "%s",
		 short_time(us, text));
}

static void draw_axis(FILE *to, const struct axis *axis, int64_t bottom)
{
	int64_t us = FIRST_US;

	draw_line(to, axis, 0, bottom);
	for (int64_t d = 1000; d <= axis->left || d <= axis->right; d += 1000, us *= 10) {
		if (d <= axis->left)
			draw_line(to, axis, -us, bottom);
		if (d <= axis->right)
			draw_line(to, axis, us, bottom);
	}
}

static const char *colour_of(const char *step)
{
	for (size_t i = 0; i < N_ACTORS; i++) {
		for (size_t k = 0; k < 8 && actors[i].steps[k]; k++) {
			if (strcmp(actors[i].steps[k], step) == 0)
				return actors[i].colour;
		}
	}
	return "#111827";
}

static void draw_step(FILE *to, const struct axis *axis, json_object *step, int64_t y)
{
	const char *colour = colour_of(json_text(step, "step"));
	int64_t us = json_int(step, "us"), x = place(axis, us);
	char what[EXPLAIN_TEXT], when[32], style[80];

	explain_step(step, what);
	fprintf(to,
		"<line x1=\"%d\" y1=\"%" PRId64 "\" x2=\"%" PRId64 "\" y2=\"%" PRId64
		"\" stroke=\"%s\" stroke-opacity=\"0.35\"/>\n"
		"<circle cx=\"%" PRId64 "\" cy=\"%" PRId64 "\" r=\"5\" fill=\"%s\"/>\n",
		LABELS, y, x, y, colour, x, y, colour);
	put_text(to, LABELS - 10, y + 4,
		 fitted(style, "text-anchor=\"end\"", 12.5, what, STEP_FITS), colour, "%s", what);
	put_text(to, x + 10, y + 4, "font-size=\"11.5\"", "#111827", "%s", explain_time(us, when));
}

static void draw_head(FILE *to, json_object *event, const char *node, int64_t height)
{
	const char *detail = json_text(event, "detail");
	json_object *master = json_get(event, "master");
	char took[EXPLAIN_TEXT], title[512], style[80];

	snprintf(title, sizeof(title), "%s: %s to %s: %s%s%s", json_text(event, "instance"),
		 json_text(event, "from"), json_text(event, "to"), json_text(event, "cause"),
		 detail[0] ? ", " : "", detail);
	fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%" PRId64
		"\" viewBox=\"0 0 %d %" PRId64 "\" font-family=\"sans-serif\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		WIDTH, height, WIDTH, height);
	put_text(to, 20, 30, fitted(style, "font-weight=\"bold\"", 18, title, TITLE_FITS),
		 "#111827", "%s", title);
	put_text(to, 20, 52, "font-size=\"13\"", "#4b5563", "on %s, event %" PRId64 ", %s; %s",
		 node[0] ? node : "this node", json_int(event, "number"), json_text(event, "at"),
		 explain_took(event, took));
	if (master)
		put_text(to, 20, 72, "font-size=\"13\"", "#4b5563", "%s %s, priority %" PRId64,
			 strcmp(json_text(event, "to"), "MASTER") == 0 ? "old master" : "master",
			 json_text(master, "address"), json_int(master, "priority"));
	put_text(to, LABELS - 10, TOP - 12, "text-anchor=\"end\" font-size=\"11\"", "#4b5563",
		 "time from the detection, logarithmic");
}

static void draw_legend(FILE *to, int64_t y)
{
	int64_t x = LABELS;

	for (size_t i = 0; i < N_ACTORS; i++, x += 110) {
		fprintf(to, "<circle cx=\"%" PRId64 "\" cy=\"%" PRId64 "\" r=\"5\" fill=\"%s\"/>\n",
			x, y - 4, actors[i].colour);
		put_text(to, x + 10, y, "font-size=\"12\"", "#111827", "%s", actors[i].who);
	}
}

int explain_draw(json_object *event, const char *node, FILE *to)
{
	size_t order[MAX_ROWS], n = explain_order(event, order, MAX_ROWS);
	int64_t bottom = TOP + (int64_t)n * ROW;
	struct axis axis = axis_of(event);

	draw_head(to, event, node, bottom + 40);
	draw_axis(to, &axis, bottom);
	for (size_t i = 0; i < n; i++)
		draw_step(to, &axis, json_at(event, "steps", order[i]),
			  TOP + (int64_t)i * ROW + ROW / 2);
	draw_legend(to, bottom + 28);
	fputs("</svg>\n", to);
	return ferror(to) ? -EIO : 0;
}
