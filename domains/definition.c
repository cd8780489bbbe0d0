/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/definition.h"

#include "domains/definition-rules.h"

#include <stddef.h>
#include <string.h>

static const char *const kinds[] = {"app", "disposable", "service", "template", "standalone", NULL};
static const char *const virt_modes[] = {"pvh", "pv", "hvm", NULL};

#define AT(field) offsetof(struct definition, field)
#define TEXT(k, d, f, s, v, rule)                                                                  \
	{ k, d, PROPERTY_TEXT, AT(f), s, 0, 0, NULL, v, rule }
#define BOOL(k, d, f)                                                                              \
	{ k, d, PROPERTY_BOOL, AT(f), "no", 0, 0, NULL, NULL, "yes or no" }
#define NUMBER(k, d, f, s, min, max, rule)                                                         \
	{ k, d, PROPERTY_NUMBER, AT(f), s, min, max, NULL, NULL, rule }

const struct property properties[] = {
	{"kind", "Kind", PROPERTY_CHOICE, AT(kind), "app", 0, 0, kinds, NULL,
		"one of app, disposable, service, template, standalone"},
	{"label", "Label", PROPERTY_LABEL, AT(label), "red", 0, 0, NULL, NULL,
		"the name of a label, as `bulkhead label list` shows them"},
	TEXT("template", "Template", template, "host", rule_name,
		"host, or the name of a template domain"),
	TEXT("netvm", "Netvm", netvm, "", rule_name_or_none,
		"empty for no network, or the name of the domain that provides it"),
	TEXT("net_allow", "NetAllow", net_allow, "", rule_net_allow,
		"empty for everything, or addresses with an optional prefix and port, e.g. "
		"192.0.2.0/24:443 [2001:db8::1]:443, spaces between them"),
	NUMBER("memory", "Memory", memory, "400", 64, 1048576, "MiB, 64 to 1048576"),
	NUMBER("maxmem", "MaxMemory", maxmem, "4000", 64, 1048576,
		"MiB, 64 to 1048576, at least memory"),
	NUMBER("vcpus", "Vcpus", vcpus, "2", 1, 128, "a number from 1 to 128"),
	NUMBER("cpu_weight", "CpuWeight", cpu_weight, "100", 1, 10000,
		"a number from 1 to 10000; 100 is the ordinary share"),
	NUMBER("cpu_cap", "CpuCap", cpu_cap, "0", 0, 12800,
		"percent of one processor, 0 to 12800; 0 for no limit (Xen only)"),
	NUMBER("private_size", "PrivateSize", private_size, "2048", 16, 16777216,
		"MiB, 16 to 16777216, when the private volume is made (Xen only)"),
	{"virt_mode", "VirtMode", PROPERTY_CHOICE, AT(virt_mode), "pvh", 0, 0, virt_modes, NULL,
		"one of pvh, pv, hvm"},
	TEXT("kernel", "Kernel", kernel, "", rule_line, "empty, or the name of a kernel; one line"),
	TEXT("kernelopts", "KernelOptions", kernelopts, "", rule_line,
		"the kernel's command line; one line"),
	TEXT("pci", "Pci", pci, "", rule_pci, "PCI devices as 0000:03:00.0, spaces between them"),
	BOOL("autostart", "Autostart", autostart),
	TEXT("seclabel", "Seclabel", seclabel, "", rule_line, "a Xen security label; one line"),
	BOOL("provides_network", "ProvidesNetwork", provides_network),
	BOOL("fullscreen", "Fullscreen", fullscreen),
	BOOL("quiet", "Quiet", quiet),
	BOOL("nested_sandbox", "NestedSandbox", nested_sandbox),
	BOOL("template_for_dispvms", "TemplateForDispvms", template_for_dispvms),
	NUMBER("disposable_pool", "DisposablePool", disposable_pool, "0", 0, 16,
		"a number from 0 to 16: throw-away domains like it that are kept prepared"),
	TEXT("default_dispvm", "DefaultDispvm", default_dispvm, "", rule_name_or_none,
		"empty, or the name of a domain"),
	TEXT("default_user", "DefaultUser", default_user, "user", rule_user,
		"a user's name: a small letter, then small letters, digits, - and _, at most 31"),
	NUMBER("qrexec_timeout", "QrexecTimeout", qrexec_timeout, "60", 1, 3600,
		"seconds, 1 to 3600"),
	NUMBER("shutdown_timeout", "ShutdownTimeout", shutdown_timeout, "20", 1, 3600,
		"seconds, 1 to 3600"),
	TEXT("tags", "Tags", tags, "", rule_tags,
		"words of letters, digits, - and _ for the policy's @tag:, spaces between them"),
	TEXT("uuid", "Uuid", uuid, "", rule_uuid,
		"a lower-case UUID that no other domain has; made with the domain, and stays"),
	TEXT("notes", "Notes", notes, "", rule_notes, "any text of at most 4096 bytes"),
};
const size_t property_count = G_N_ELEMENTS(properties);

G_DEFINE_QUARK(bulkhead - definition - error, definition_error)

const struct property *property_find(const char *key) {
	for (size_t i = 0; i < property_count; i++)
		if (!strcmp(properties[i].key, key))
			return &properties[i];
	return NULL;
}

const struct property *property_find_dbus(const char *dbus) {
	for (size_t i = 0; i < property_count; i++)
		if (!strcmp(properties[i].dbus, dbus))
			return &properties[i];
	return NULL;
}

static void *field(const struct definition *d, const struct property *p) {
	return (char *)(uintptr_t)d + p->offset;
}

static bool set_number(struct definition *d, const struct property *p, const char *text) {
	guint64 n;

	if (!g_ascii_string_to_unsigned(text, 10, p->min, p->max, &n, NULL))
		return false;
	*(unsigned *)field(d, p) = (unsigned)n;
	return true;
}

static bool set_choice(struct definition *d, const struct property *p, const char *text) {
	for (unsigned i = 0; p->choices[i]; i++)
		if (!strcmp(p->choices[i], text)) {
			*(unsigned *)field(d, p) = i;
			return true;
		}
	return false;
}

static bool set_bool(struct definition *d, const struct property *p, const char *text) {
	if (strcmp(text, "yes") && strcmp(text, "no"))
		return false;
	*(bool *)field(d, p) = text[0] == 'y';
	return true;
}

static bool set_label(struct definition *d, const char *text) {
	const struct label *l = label_by_name(text);

	if (l)
		d->label = l;
	return l != NULL;
}

static bool set_text(struct definition *d, const struct property *p, const char *text) {
	char **at = field(d, p);

	if (!p->valid(text))
		return false;
	g_free(*at);
	*at = g_strdup(text);
	return true;
}

static bool set_value(struct definition *d, const struct property *p, const char *text) {
	switch (p->type) {
	case PROPERTY_TEXT:
		return set_text(d, p, text);
	case PROPERTY_BOOL:
		return set_bool(d, p, text);
	case PROPERTY_NUMBER:
		return set_number(d, p, text);
	case PROPERTY_CHOICE:
		return set_choice(d, p, text);
	case PROPERTY_LABEL:
		return set_label(d, text);
	}
	return false;
}

bool definition_set(struct definition *d, const char *key, const char *text, GError **error) {
	const struct property *p = property_find(key);
	g_autofree char *shown = NULL;

	if (!p) {
		shown = g_strescape(key, NULL);
		g_set_error(error, DEFINITION_ERROR, DEFINITION_E_KEY,
			"there is no property \"%s\"; `bulkhead domain show` lists them", shown);
		return false;
	}
	if (set_value(d, p, text))
		return true;
	shown = g_strescape(text, NULL);
	g_set_error(error, DEFINITION_ERROR, DEFINITION_E_VALUE,
		"%s: \"%.200s\" is not allowed; it must be %s", key, shown, p->rule);
	return false;
}

char *definition_get(const struct definition *d, const struct property *p) {
	switch (p->type) {
	case PROPERTY_TEXT:
		return g_strdup(*(char **)field(d, p));
	case PROPERTY_BOOL:
		return g_strdup(*(bool *)field(d, p) ? "yes" : "no");
	case PROPERTY_NUMBER:
		return g_strdup_printf("%u", *(unsigned *)field(d, p));
	case PROPERTY_CHOICE:
		return g_strdup(p->choices[*(unsigned *)field(d, p)]);
	case PROPERTY_LABEL:
		return g_strdup(d->label->name);
	}
	return g_strdup("");
}

GVariant *definition_get_variant(const struct definition *d, const struct property *p) {
	g_autofree char *text = NULL;

	if (p->type == PROPERTY_BOOL)
		return g_variant_new_boolean(*(bool *)field(d, p));
	if (p->type == PROPERTY_NUMBER)
		return g_variant_new_uint32(*(unsigned *)field(d, p));
	text = definition_get(d, p);
	return g_variant_new_string(text);
}

bool definition_check(const struct definition *d, GError **error) {
	const char *what = NULL;

	if (d->maxmem < d->memory)
		what = "maxmem: it must be at least as much as memory";
	else if (!strcmp(d->netvm, d->name.s))
		what = "netvm: a domain cannot be its own network domain";
	else if (!strcmp(d->template, d->name.s))
		what = "template: a domain cannot be its own template";
	else if (d->kind == KIND_DISPOSABLE && d->autostart)
		what = "autostart: a disposable domain cannot start by itself";
	if (what)
		g_set_error_literal(error, DEFINITION_ERROR, DEFINITION_E_VALUE, what);
	return !what;
}

struct definition *definition_new(struct domain_name name) {
	struct definition *d = g_new0(struct definition, 1);

	d->name = name;
	for (size_t i = 0; i < property_count; i++)
		if (!set_value(d, &properties[i], properties[i].standard))
			g_assert_not_reached();
	return d;
}

struct definition *definition_copy(const struct definition *d) {
	struct definition *copy = definition_new(d->name);

	for (size_t i = 0; i < property_count; i++) {
		g_autofree char *text = definition_get(d, &properties[i]);

		if (!set_value(copy, &properties[i], text))
			g_assert_not_reached();
	}
	return copy;
}

struct definition *definition_free(struct definition *d) {
	if (!d)
		return NULL;
	for (size_t i = 0; i < property_count; i++)
		if (properties[i].type == PROPERTY_TEXT)
			g_free(*(char **)field(d, &properties[i]));
	g_free(d);
	return NULL;
}
