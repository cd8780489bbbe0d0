/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files, lines and directives (qrexec-protocol 3.1, 3.2, 3.12). Reads only through the reader, so
 * that one parse sees one state of all files; finds as many errors as it can.
 */
#include "policy/parse-inner.h"

#include "policy/parse-files.h"

#include <errno.h>
#include <string.h>

#define FILE_SIZE_MAX (4u << 20)
#define LINE_SIZE_MAX 8192u
#define INCLUDE_DEPTH 16u
#define INCLUDE_FILES 5000u
#define ALL_FILES_MAX (64u << 20)

static void parse_file(struct parser *p, const char *path, const struct call_words *call,
	const struct place *from, uint32_t column);

size_t split_words(char *text, uint32_t indent, struct word *words, size_t max) {
	size_t count = 0;
	char *at = text;

	for (;;) {
		at += strspn(at, " \t");
		if (*at == '\0')
			return count;
		if (count == max)
			return max + 1;
		words[count++] = (struct word){at, indent + (uint32_t)(at - text) + 1};
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
}

static const char *resolve(struct parser *p, const char *base, const char *path) {
	size_t a = *path == '/' ? 0 : strlen(base), b = strlen(path);
	char *full = arena_alloc(&p->policy->arena, a + b + 2);

	if (!full) {
		p->fatal = -ENOMEM;
		return NULL;
	}
	if (a > 0) {
		memcpy(full, base, a);
		full[a++] = '/';
	}
	memcpy(full + a, path, b);
	return full;
}

static void include(struct parser *p, const struct place *at, const struct word *path,
	const struct call_words *call) {
	const char *full = resolve(p, p->base, path->s);

	if (full)
		parse_file(p, full, call, at, path->column);
}

static void include_folder(struct parser *p, const struct place *at, const struct word *path) {
	const char *full = resolve(p, p->base, path->s);
	const char *const *names = NULL;
	size_t count = 0;
	int r;

	if (!full)
		return;
	r = p->reader->list(p->reader->ctx, full, &names, &count);
	if (r) {
		parse_error(p, at, path->column, "the folder %s cannot be read: %s", full,
			strerror(-r));
		return;
	}
	count = pick_policy_files(p, full, &names, count);
	for (size_t i = 0; i < count && !p->fatal; i++) {
		const char *file = resolve(p, full, names[i]);

		if (file)
			parse_file(p, file, NULL, at, path->column);
	}
}

/* The two rules that the old format implies after a file for one argument. */
static void add_implied(struct parser *p, const char *file, const struct call_words *call) {
	static const char *const texts[] = {"@anyvm @anyvm deny", "@anyvm @adminvm deny"};

	for (unsigned i = 0; i < 2; i++) {
		struct place at = {file, 0, texts[i], strlen(texts[i]), 0};
		struct word words[3];
		char *copy = arena_text(&p->policy->arena, texts[i], at.len);

		if (!copy) {
			p->fatal = -ENOMEM;
			return;
		}
		parse_rule(p, &at, call, words, split_words(copy, 0, words, 3));
	}
}

static void include_compat_file(
	struct parser *p, const struct place *at, const char *folder, const char *name) {
	const char *path = resolve(p, folder, name);
	char *service = arena_text(&p->policy->arena, name, strlen(name));
	char *plus = service ? strchr(service, '+') : NULL;
	struct call_words call = {{service, 1}, {NULL, 1}};

	if (!path || !service) {
		p->fatal = -ENOMEM;
		return;
	}
	call.argument.s = arena_text(&p->policy->arena, plus ? plus : "*", plus ? strlen(plus) : 1);
	if (!call.argument.s) {
		p->fatal = -ENOMEM;
		return;
	}
	if (plus)
		*plus = '\0';
	parse_file(p, path, &call, at, 0);
	if (plus && !p->fatal)
		add_implied(p, path, &call);
}

static void include_compat(struct parser *p, const struct place *at) {
	const char *const *names = NULL;
	const char *base = p->base, *folder = p->places->compat;
	size_t count = 0;
	int r;

	if (!folder) {
		parse_error(
			p, at, at->indent + 1, "there is no folder with rules of the 4.0 format");
		return;
	}
	r = p->reader->list(p->reader->ctx, folder, &names, &count);
	if (r) {
		parse_error(p, at, at->indent + 1, "the folder %s cannot be read: %s", folder,
			strerror(-r));
		return;
	}
	count = pick_compat_files(p, &names, count);
	p->base = folder;
	for (size_t i = 0; i < count && !p->fatal; i++)
		include_compat_file(p, at, folder, names[i]);
	p->base = base;
}

static void parse_directive(struct parser *p, const struct place *at, struct word *words,
	size_t count, const struct call_words *old) {
	static const struct {
		const char *word;
		size_t parts;
	} directives[] = {
		{"!include", 2}, {"!include-dir", 2}, {"!include-service", 4}, {"!compat-4.0", 1}};
	unsigned i = 0;

	while (i < 4 && strcmp(words[0].s, directives[i].word) != 0)
		i++;
	if (i == 4 || (old && i != 0)) {
		parse_error(p, at, words[0].column, "\"%s\" is no directive%s", words[0].s,
			i < 4 ? " of the 4.0 format: only !include is" : "");
		return;
	}
	if (count != directives[i].parts) {
		parse_error(p, at, words[0].column, "%s needs %zu words behind it", words[0].s,
			directives[i].parts - 1);
		return;
	}
	if (i == 0) {
		include(p, at, &words[1], old);
	} else if (i == 1) {
		include_folder(p, at, &words[1]);
	} else if (i == 2) {
		struct call_words call = {words[1], words[2]};
		struct policy_rule checked = {0};

		if (parse_call(p, at, &call, &checked))
			include(p, at, &words[3], &call);
	} else {
		include_compat(p, at);
	}
}

/* Byte for byte, so that columns stay right. */
static void translate_old(char *text) {
	char *at;

	while ((at = strstr(text, "$include:")))
		memcpy(at, "!include ", strlen("!include "));
	for (at = text; *at; at++)
		if (*at == '$')
			*at = '@';
		else if (*at == ',')
			*at = ' ';
}

/* What may stand in a line; says why not. */
static bool check_bytes(struct parser *p, const struct place *at, bool comment) {
	for (size_t i = 0; i < at->len; i++) {
		unsigned char c = (unsigned char)at->text[i];
		uint32_t column = at->indent + (uint32_t)i + 1;

		if (c == '\r') {
			parse_error(p, at, column, "a carriage return in the middle of a line");
			return false;
		}
		if (c == '\0' || (!comment && ((c < ' ' && c != '\t') || c == 0x7f))) {
			parse_error(p, at, column, "a control character (0x%02x)", c);
			return false;
		}
		if (!comment && c >= 0x80) {
			parse_error(p, at, column,
				at->line == 1 && i == 0 && c == 0xef
					? "a byte order mark, or a letter outside ASCII: save the "
					  "file without a mark"
					: "only ASCII can stand in a rule (is this space or letter "
					  "a look-alike?)");
			return false;
		}
	}
	return true;
}

static void parse_line(struct parser *p, struct place *at, const struct call_words *old) {
	bool comment = at->len == 0 || at->text[0] == '#';
	struct word words[LINE_WORDS_MAX];
	size_t count;
	char *copy;

	if (!check_bytes(p, at, comment) || comment)
		return;
	copy = arena_text(&p->policy->arena, at->text, at->len);
	if (!copy) {
		p->fatal = -ENOMEM;
		return;
	}
	if (old)
		translate_old(copy);
	count = split_words(copy, at->indent, words, LINE_WORDS_MAX);
	if (count > LINE_WORDS_MAX) {
		parse_error(p, at, words[LINE_WORDS_MAX - 1].column, "too many words in one line");
	} else if (copy[0] == '!') {
		parse_directive(p, at, words, count, old);
	} else if (old) {
		parse_rule(p, at, old, words, count);
	} else if (count < 5) {
		parse_error(p, at, at->indent + (uint32_t)at->len + 1,
			"a part is missing: a rule is SERVICE ARGUMENT SOURCE TARGET ACTION "
			"[KEY=VALUE ...]");
	} else {
		struct call_words call = {words[0], words[1]};

		parse_rule(p, at, &call, words + 2, count - 2);
	}
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\r';
}

static void parse_text(
	struct parser *p, const char *file, struct policy_text text, const struct call_words *old) {
	struct place at = {.file = file};

	while (text.size > 0 && !p->fatal) {
		const char *end = memchr(text.at, '\n', text.size);
		size_t whole = end ? (size_t)(end - text.at) : text.size, len = whole;

		at.line++;
		at.text = text.at;
		while (len > 0 && is_blank(text.at[len - 1]))
			len--;
		at.indent = 0;
		while (at.indent < len && (at.text[at.indent] == ' ' || at.text[at.indent] == '\t'))
			at.indent++;
		at.text += at.indent;
		at.len = len - at.indent;
		if (whole > LINE_SIZE_MAX)
			parse_error(p, &at, 0, "the line is longer than %u bytes", LINE_SIZE_MAX);
		else
			parse_line(p, &at, old);
		text.at += whole + (end ? 1 : 0);
		text.size -= whole + (end ? 1 : 0);
	}
}

/* from: the directive that asked for it; NULL for a file of the folders themselves. */
static void parse_file(struct parser *p, const char *path, const struct call_words *call,
	const struct place *from, uint32_t column) {
	struct place whole = {.file = path};
	const struct place *at = from ? from : &whole;
	struct policy_text text = {0};
	int r;

	if (p->depth >= INCLUDE_DEPTH || p->files >= INCLUDE_FILES) {
		parse_error(p, at, column,
			p->depth >= INCLUDE_DEPTH
				? "includes go deeper than 16 files: does %s include itself?"
				: "more than 5000 files are read: %s is one too many",
			path);
		return;
	}
	r = p->reader->read(p->reader->ctx, path, &text);
	if (r) {
		parse_error(p, at, column, "%s cannot be read: %s", path, strerror(-r));
		return;
	}
	p->bytes += text.size;
	if (text.size > FILE_SIZE_MAX || p->bytes > ALL_FILES_MAX) {
		parse_error(
			p, at, column, "%s is larger than 4 MiB, or all files than 64 MiB", path);
		return;
	}
	p->depth++;
	p->files++;
	parse_text(p, path, text, call);
	p->depth--;
}

static void parse_folders(struct parser *p) {
	struct top_file *tops = NULL;
	size_t count = collect_top_files(p, &tops);

	for (size_t i = 0; i < count && !p->fatal; i++) {
		const char *path = resolve(p, tops[i].folder, tops[i].name);

		p->base = tops[i].folder;
		if (path)
			parse_file(p, path, NULL, NULL, 0);
	}
	free(tops);
}

int policy_parse(const struct policy_places *places, const struct policy_reader *reader,
	struct policy **ret, struct policy_errors *errors) {
	AUTO(policy_unref_p) struct policy *policy = calloc(1, sizeof(*policy));
	struct parser p = {.policy = policy,
		.reader = reader,
		.places = places,
		.errors = errors,
		.base = "."};

	if (!policy)
		return -ENOMEM;
	policy->refs = 1;
	parse_folders(&p);
	if (!p.fatal && errors->count == 0)
		p.fatal = policy_index(policy);
	if (p.fatal)
		return p.fatal;
	if (errors->count > 0)
		return POLICY_E_BROKEN;
	*ret = TAKE(policy);
	return 0;
}
