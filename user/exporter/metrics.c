// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes the text format: the families in the order of the table, each with help, type and samples.
 * It has no state. Rejected: a client library of Prometheus, which would keep a second copy of the
 * daemon's counters.
 */
#include "exporter/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "client/text.h"

size_t sample_label(struct sample *s, const char *name, const char *value)
{
	size_t before = strlen(s->labels), len = before;
	int n = snprintf(s->labels + len, sizeof(s->labels) - len, "%s%s=\"", len ? "," : "", name);

	len += (size_t)n;
	for (; *value && len + 4 < sizeof(s->labels); value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			s->labels[len++] = '\\';
		s->labels[len++] = *value;
		if (*value == '\n')
			s->labels[len - 1] = 'n';
	}
	if (*value ||
	    len + 2 > sizeof(s->labels)) { /* it does not fit: the sample lacks this label */
		s->labels[before] = '\0';
		return before;
	}
	s->labels[len++] = '"';
	s->labels[len] = '\0';
	return before;
}

void sample_unlabel(struct sample *s, size_t len)
{
	s->labels[len] = '\0';
}

static void write_name(struct sample *s, const char *suffix)
{
	fprintf(s->f, "%s%s", s->family->name, suffix);
	if (s->labels[0])
		fprintf(s->f, "{%s}", s->labels);
}

void sample_write(struct sample *s, const char *suffix, double value)
{
	write_name(s, suffix);
	fprintf(s->f, " %.12g\n", value);
}

void sample_write_count(struct sample *s, const char *suffix, uint64_t value)
{
	write_name(s, suffix);
	fprintf(s->f, " %" PRIu64 "\n", value);
}

/* Returns the member at the key "a" or "a/b". */
static json_object *member(json_object *obj, const char *key)
{
	const char *slash = strchr(key, '/');
	char outer[32];

	if (!slash)
		return json_get(obj, key);
	snprintf(outer, sizeof(outer), "%.*s", (int)(slash - key), key);
	return json_get(json_get(obj, outer), slash + 1);
}

static void emit(struct sample *s)
{
	const struct family *family = s->family;
	json_object *value;

	if (family->emit) {
		family->emit(s);
		return;
	}
	value = member(s->obj, family->key);
	if (!value)
		return;
	if (family->unit == 0)
		sample_write_count(s, "", json_object_get_uint64(value));
	else
		sample_write(s, "", json_object_get_double(value) * family->unit);
}

/* Writes one sample for each object of `list`. The value of its label is member `key` of the
 * object. */
static void emit_each(struct sample *s, json_object *root, const char *list, const char *label,
		      const char *key)
{
	for (size_t i = 0; i < json_length(root, list); i++) {
		size_t len;

		s->obj = json_at(root, list, i);
		len = sample_label(s, label, json_text(s->obj, key));
		emit(s);
		sample_unlabel(s, len);
	}
}

/* True if `set` has the text already; otherwise adds it. */
static bool is_in(json_object *set, const char *text)
{
	if (json_object_object_get_ex(set, text, NULL))
		return true;
	json_object_object_add(set, text, NULL);
	return false;
}

/* Checks of two kinds may have the same name. All but the first one then have the kind as a label
 * too, because Prometheus refuses a page with a repeated series. */
static void emit_checks(struct sample *s, json_object *root)
{
	json_object *names = json_object_new_object(), *kinds = json_object_new_object();

	for (size_t i = 0; i < json_length(root, "checks"); i++) {
		json_object *one = json_at(root, "checks", i);
		const char *name = json_text(one, "name"), *kind = json_text(one, "kind");
		bool namesake = is_in(names, name);
		char both[512];
		size_t len;

		snprintf(both, sizeof(both), "%s %s", kind, name);
		if (namesake && is_in(kinds, both))
			continue;
		is_in(kinds, both);
		s->obj = one;
		len = sample_label(s, "check", name);
		if (namesake)
			sample_label(s, "kind_of_check", kind);
		emit(s);
		sample_unlabel(s, len);
	}
	json_object_put(names);
	json_object_put(kinds);
}

static void emit_neighbors(struct sample *s, json_object *root)
{
	for (size_t i = 0; i < json_length(root, "bgp"); i++) {
		json_object *bgp = json_at(root, "bgp", i);
		size_t len = sample_label(s, "bgp", json_text(bgp, "name"));

		emit_each(s, bgp, "neighbors", "neighbor", "address");
		sample_unlabel(s, len);
	}
}

/* Two peers may have the same address on two interfaces, so the interface is a label too. */
static void emit_peers(struct sample *s, json_object *root)
{
	for (size_t i = 0; i < json_length(root, "peers"); i++) {
		size_t len;

		s->obj = json_at(root, "peers", i);
		len = sample_label(s, "peer", json_text(s->obj, "address"));
		sample_label(s, "interface", json_text(s->obj, "interface"));
		emit(s);
		sample_unlabel(s, len);
	}
}

/* Two sessions may have the same peer: with different sources, or single-hop and multihop. */
static void emit_bfd(struct sample *s, json_object *root)
{
	for (size_t i = 0; i < json_length(root, "bfd"); i++) {
		size_t len;

		s->obj = json_at(root, "bfd", i);
		len = sample_label(s, "peer", json_text(s->obj, "peer"));
		sample_label(s, "source", json_text(s->obj, "source"));
		sample_label(s, "kind", json_text(s->obj, "kind"));
		emit(s);
		sample_unlabel(s, len);
	}
}

static void emit_traffic(struct sample *s, json_object *root)
{
	static const char *const directions[][2] = {{"rx", "in"}, {"tx", "out"}};

	if (!text_traffic_is_counted(root))
		return;
	for (size_t i = 0; i < json_length(root, "traffic"); i++) {
		json_object *vip = json_at(root, "traffic", i);
		size_t len = sample_label(s, "address", json_text(vip, "address"));

		for (size_t k = 0; k < 2; k++) {
			size_t inner = sample_label(s, "direction", directions[k][1]);

			s->obj = json_get(vip, directions[k][0]);
			emit(s);
			sample_unlabel(s, inner);
		}
		sample_unlabel(s, len);
	}
}

static void emit_family(FILE *f, const struct family *family, json_object *root)
{
	struct sample s = {.f = f, .family = family, .obj = root};

	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
		family->type);
	switch (family->scope) {
	case SCOPE_ROOT:
		emit(&s);
		break;
	case SCOPE_INSTANCE:
		emit_each(&s, root, "instances", "vrrp_instance", "name");
		break;
	case SCOPE_SERVICE:
		emit_each(&s, root, "services", "bgp_service", "name");
		break;
	case SCOPE_NEIGHBOR:
		emit_neighbors(&s, root);
		break;
	case SCOPE_BFD:
		emit_bfd(&s, root);
		break;
	case SCOPE_CHECK:
		emit_checks(&s, root);
		break;
	case SCOPE_TRAFFIC:
		emit_traffic(&s, root);
		break;
	case SCOPE_INTERFACE:
		emit_each(&s, root, "datapath", "interface", "interface");
		break;
	case SCOPE_PEER:
		emit_peers(&s, root);
		break;
	}
}

void metrics_write(FILE *f, json_object *status)
{
	fprintf(f,
		"# HELP holdfast_up Whether the daemon answered.\n# TYPE holdfast_up gauge\n"
		"holdfast_up %d\n",
		status != NULL);
	for (size_t i = 0; status && i < n_families; i++)
		emit_family(f, &families[i], status);
}
