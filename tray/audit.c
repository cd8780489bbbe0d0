/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/audit.h"

#include "common/text-filter.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLDER      4 /* audit.jsonl.4 is the oldest */
#define READ_BYTES 65536

static const char *const text_keys[AUDIT_TEXTS] = {"event", "source", "target", "domain", "service",
	"outcome", "reason", "final_target", "file", "rule", "passes_deny_file", "choice"};
static const char *const number_keys[AUDIT_NUMBERS] = {"line", "passes_deny_line", "policy_us",
	"ask_us", "start_us", "connect_us", "total_us", "bytes", "files"};

/* Text and numbers, no deeper: json-glib is never asked to go down into what somebody nested. */
static bool is_flat(const char *line, size_t size) {
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = 0; i < size; i++) {
		if (line[i] < 0x20 || line[i] > 0x7e)
			return false;
		if (quoted && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			quoted = !quoted;
		else if (!quoted && (line[i] == '{' || line[i] == '['))
			depth++;
	}
	return size > 0 && line[0] == '{' && depth == 1;
}

/* Each character of the file stands for one byte. */
static const char *keep_text(GStringChunk *pool, const char *text) {
	char bytes[AUDIT_TEXT_SIZE], shown[AUDIT_TEXT_SIZE];
	size_t n = 0;

	for (; *text && n < sizeof(bytes); text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		bytes[n++] = (char)(c <= 0xff ? c : 0x01);
	}
	text_filter(bytes, n, shown, sizeof(shown));
	return g_string_chunk_insert_const(pool, shown);
}

static const char *text_of(JsonObject *o, const char *key) {
	JsonNode *node = json_object_get_member(o, key);

	return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node)
								       : "";
}

static bool is_number(JsonNode *node) {
	return node && (json_node_get_value_type(node) == G_TYPE_INT64 ||
			       json_node_get_value_type(node) == G_TYPE_DOUBLE);
}

int audit_parse(const char *line, size_t size, GStringChunk *pool, struct audit_record *ret) {
	g_autoptr(JsonParser) parser = NULL;
	struct audit_record r;
	JsonNode *node;
	JsonObject *o;
	double time;

	if (size > AUDIT_LINE_MAX || !is_flat(line, size))
		return AUDIT_E_LINE;
	parser = json_parser_new_immutable();
	if (!json_parser_load_from_data(parser, line, (gssize)size, NULL))
		return AUDIT_E_LINE;
	o = json_node_get_object(json_parser_get_root(parser));
	node = json_object_get_member(o, "time");
	time = is_number(node) ? json_node_get_double(node) : -1;
	if (!(time >= 0 && time < 1e11) || !*text_of(o, "event"))
		return AUDIT_E_LINE;
	r.time = (gint64)(time * G_USEC_PER_SEC + 0.5);
	for (unsigned i = 0; i < AUDIT_TEXTS; i++)
		r.text[i] = keep_text(pool, text_of(o, text_keys[i]));
	for (unsigned i = 0; i < AUDIT_NUMBERS; i++) {
		node = json_object_get_member(o, number_keys[i]);
		r.number[i] = is_number(node) ? MAX(-1, json_node_get_int(node)) : -1;
	}
	*ret = r;
	return 0;
}

enum audit_kind audit_kind_of(const struct audit_record *r) {
	static const struct {
		const char *event;
		enum audit_kind kind;
	} kinds[] = {{"call", AUDIT_CALLS}, {"end", AUDIT_CALLS}, {"copy", AUDIT_CLIPBOARD},
		{"paste", AUDIT_CLIPBOARD}, {"receipt", AUDIT_COPIES}, {"start", AUDIT_STARTS},
		{"stop", AUDIT_STARTS}, {"policy", AUDIT_RULES}};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (!strcmp(r->text[AUDIT_EVENT], kinds[i].event))
			return kinds[i].kind;
	return AUDIT_OTHER;
}

static enum audit_end end_of(const struct audit_record *r) {
	const char *outcome = r->text[AUDIT_OUTCOME];

	if (!strcmp(outcome, "allow") || !strcmp(outcome, "ok"))
		return AUDIT_ALLOWED;
	if (!strcmp(outcome, "deny"))
		return AUDIT_REFUSED;
	return *outcome ? AUDIT_FAILED : AUDIT_ANY_END;
}

static bool names(const struct audit_record *r, const char *domain) {
	static const enum audit_text where[] = {
		AUDIT_SOURCE, AUDIT_TARGET, AUDIT_DOMAIN, AUDIT_FINAL};

	for (size_t i = 0; i < G_N_ELEMENTS(where); i++)
		if (!strcmp(r->text[where[i]], domain))
			return true;
	return false;
}

static bool says(const struct audit_record *r, const char *text) {
	for (unsigned i = 0; i < AUDIT_TEXTS; i++)
		if (*r->text[i] && strcasestr(r->text[i], text))
			return true;
	return false;
}

bool audit_fits(const struct audit_record *r, const struct audit_filter *f) {
	return (f->kind == AUDIT_ANY_KIND || f->kind == audit_kind_of(r)) &&
	       (f->end == AUDIT_ANY_END || f->end == end_of(r)) &&
	       (!f->domain || !*f->domain || names(r, f->domain)) &&
	       (!f->text || !*f->text || says(r, f->text));
}

bool audit_has_why(const struct audit_record *r) {
	return !strcmp(r->text[AUDIT_EVENT], "call") || !strcmp(r->text[AUDIT_EVENT], "paste");
}

struct audit_reader {
	gatomicrefcount refs;
	char *path;
	int fds[OLDER + 1]; /* the oldest first, the present one last; -1: none, or read */
	GByteArray *rest;   /* the beginning of a line */
	bool begun, skip;   /* skip: the line is too long */
	GStringChunk *pool;
};

struct audit_reader *audit_reader_new(const char *folder) {
	struct audit_reader *r = g_new0(struct audit_reader, 1);

	g_atomic_ref_count_init(&r->refs);
	r->path = g_build_filename(folder, "audit.jsonl", NULL);
	r->rest = g_byte_array_new();
	r->pool = g_string_chunk_new(65536);
	for (unsigned i = 0; i <= OLDER; i++)
		r->fds[i] = -1;
	return r;
}

struct audit_reader *audit_reader_ref(struct audit_reader *r) {
	g_atomic_ref_count_inc(&r->refs);
	return r;
}

void audit_reader_unref(struct audit_reader *r) {
	if (!r || !g_atomic_ref_count_dec(&r->refs))
		return;
	for (unsigned i = 0; i <= OLDER; i++)
		if (r->fds[i] >= 0)
			close(r->fds[i]);
	g_byte_array_unref(r->rest);
	g_string_chunk_free(r->pool);
	g_free(r->path);
	g_free(r);
}

static int open_plain(const char *path) {
	AUTO(auto_close)
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -1;
	return TAKE_FD(fd);
}

/* All at once: what is renamed meanwhile is read all the same. */
static void begin(struct audit_reader *r) {
	for (unsigned i = 0; i < OLDER; i++) {
		g_autofree char *older = g_strdup_printf("%s.%u", r->path, OLDER - i);

		r->fds[i] = open_plain(older);
	}
	r->fds[OLDER] = open_plain(r->path);
	r->begun = true;
}

/* Another file has the name now; false: it is still the same, or there is none. */
static bool renamed(struct audit_reader *r) {
	struct stat now, ours;

	if (stat(r->path, &now))
		return false;
	if (r->fds[OLDER] >= 0 && !fstat(r->fds[OLDER], &ours) && ours.st_ino == now.st_ino &&
		ours.st_dev == now.st_dev)
		return false;
	if (r->fds[OLDER] >= 0)
		close(r->fds[OLDER]);
	r->fds[OLDER] = open_plain(r->path);
	return r->fds[OLDER] >= 0;
}

static void take_line(struct audit_reader *r, const char *line, size_t size, GArray *out) {
	struct audit_record record;

	if (!r->skip && !audit_parse(line, size, r->pool, &record))
		g_array_append_val(out, record);
	r->skip = false;
}

static void take(struct audit_reader *r, const char *data, size_t size, GArray *out) {
	const char *end;

	while ((end = memchr(data, '\n', size))) {
		size_t n = (size_t)(end - data);

		if (r->rest->len) {
			g_byte_array_append(r->rest, (const guint8 *)data, (guint)n);
			take_line(r, (const char *)r->rest->data, r->rest->len, out);
			g_byte_array_set_size(r->rest, 0);
		} else {
			take_line(r, data, n, out);
		}
		data += n + 1;
		size -= n + 1;
	}
	if (r->rest->len + size > AUDIT_LINE_MAX) {
		r->skip = true;
		g_byte_array_set_size(r->rest, 0);
	} else if (!r->skip) {
		g_byte_array_append(r->rest, (const guint8 *)data, (guint)size);
	}
}

/* Of the first that has something; 0: all are read. */
static ssize_t read_some(struct audit_reader *r, char *buffer, size_t size) {
	for (unsigned i = 0; i <= OLDER; i++) {
		ssize_t n = r->fds[i] < 0 ? 0 : read(r->fds[i], buffer, size);

		if (n > 0)
			return n;
		if (i < OLDER && r->fds[i] >= 0) {
			close(r->fds[i]);
			r->fds[i] = -1;
		}
	}
	return renamed(r) ? read(r->fds[OLDER], buffer, size) : 0;
}

bool audit_reader_read(struct audit_reader *r, GArray *out, guint max) {
	g_autofree char *buffer = g_malloc(READ_BYTES);
	ssize_t n;

	if (!r->begun)
		begin(r);
	while (out->len < max) {
		n = read_some(r, buffer, READ_BYTES);
		if (n <= 0)
			return false;
		take(r, buffer, (size_t)n, out);
	}
	return true;
}
