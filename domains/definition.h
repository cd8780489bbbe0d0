/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a domain is to be: one key file per domain, $XDG_CONFIG_HOME/bulkhead/domains/NAME.conf.
 * Strict: an unknown group, key or value is an error that names file, line and rule. The table of
 * properties here feeds the files, the D-Bus API, the CLI and the documents.
 */
#include "common/cleanup.h"
#include "common/domain-name.h"
#include "common/label.h"

#include <glib.h>
#include <stdbool.h>

#define DEFINITION_FILE_MAX 65536
#define DEFINITION_GROUP    "domain"

enum domain_kind { KIND_APP, KIND_DISPOSABLE, KIND_SERVICE, KIND_TEMPLATE, KIND_STANDALONE };
enum virt_mode { VIRT_PVH, VIRT_PV, VIRT_HVM };

struct definition {
	struct domain_name name;
	unsigned kind; /* enum domain_kind */
	const struct label *label;
	char *template;  /* "host", or a template's name */
	char *netvm;     /* "": no network */
	char *net_allow; /* "": everything the netvm reaches; else the only places, "HOST[:PORT]
			    ..." */
	unsigned memory, maxmem; /* MiB; maxmem at least memory */
	unsigned vcpus, cpu_weight, cpu_cap;
	unsigned private_size; /* MiB */
	unsigned virt_mode;    /* enum virt_mode */
	char *kernel, *kernelopts, *pci, *seclabel;
	bool autostart, provides_network, fullscreen, quiet, nested_sandbox, template_for_dispvms;
	char *default_dispvm, *default_user, *notes;
	char *tags;                                /* words, a space between two */
	char *uuid;                                /* "": not made yet */
	unsigned qrexec_timeout, shutdown_timeout; /* seconds */
	unsigned disposable_pool; /* throw-away domains like this one that are prepared */
};

enum property_type {
	PROPERTY_TEXT,
	PROPERTY_BOOL,
	PROPERTY_NUMBER,
	PROPERTY_CHOICE,
	PROPERTY_LABEL
};

struct property {
	const char *key;  /* in files and on the command line */
	const char *dbus; /* the D-Bus property */
	enum property_type type;
	size_t offset;
	const char *standard; /* the default, as text */
	unsigned min, max;
	const char *const *choices;
	bool (*valid)(const char *text); /* PROPERTY_TEXT */
	const char *rule;                /* "one of ...", for error messages and documents */
};

extern const struct property properties[];
extern const size_t property_count;

const struct property *property_find(const char *key);
const struct property *property_find_dbus(const char *dbus);

#define DEFINITION_ERROR (definition_error_quark())
GQuark definition_error_quark(void);
enum { DEFINITION_E_NAME, DEFINITION_E_KEY, DEFINITION_E_VALUE, DEFINITION_E_FILE };

/* Everything at its default. */
struct definition *definition_new(struct domain_name name);
struct definition *definition_copy(const struct definition *d);
struct definition *definition_free(struct definition *d);
static inline void definition_free_p(struct definition **d) {
	*d = definition_free(*d);
}

/* text as it stands in files ("yes"/"no" for bool). FALSE and *error: nothing changed. */
bool definition_set(struct definition *d, const char *key, const char *text, GError **error);
/* A property's value as text; the caller frees it. */
char *definition_get(const struct definition *d, const struct property *p);
/* A property's value as D-Bus shows it: s, b or u. */
GVariant *definition_get_variant(const struct definition *d, const struct property *p);
/* The rules between properties. */
bool definition_check(const struct definition *d, GError **error);

/* data: the file's bytes; file: its name for messages. NULL and *error. */
struct definition *definition_parse(
	struct domain_name name, const char *file, const char *data, size_t size, GError **error);
/* The file's text: only what differs from the default. */
char *definition_format(const struct definition *d);
