/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/dbus-auth.h"

#include <string.h>

#define DENIED      "org.bulkhead.Error.NotAuthorized"
#define INTERACTIVE 1 /* polkit may ask for a password */

struct check {
	struct dbus *in;
	GDBusMethodInvocation *call;
	const char *action;
	void (*allowed)(struct dbus *b, GDBusMethodInvocation *i);
};

/* What is not named here needs the right to define domains. */
static const char *action_of(struct dbus *b, GDBusMethodInvocation *i) {
	static const char *const view[] = {"GetDomain", "GetManagedObjects", "ListLabels",
		"ListProperties", "ListSnapshots", "Get", "GetAll", NULL};
	static const char *const start[] = {"Start", "Stop", "Kill", "Pause", "Unpause",
		"CancelJob", "Run", "Wait", "CreateDisposable", "SetDisplay", "HideAll", NULL};
	const char *method = g_dbus_method_invocation_get_method_name(i);

	if (!strcmp(method, "Cancel"))
		return dbus_job_right(b, g_dbus_method_invocation_get_object_path(i));
	return g_strv_contains(view, method)    ? DBUS_RIGHT_VIEW
	       : g_strv_contains(start, method) ? DBUS_RIGHT_START
						: DBUS_RIGHT_DEFINE;
}

static void refuse(const struct check *k, const char *why) {
	g_autofree char *text = g_strdup_printf("%s needs the right %s: %s",
		g_dbus_method_invocation_get_method_name(k->call), k->action, why);

	g_dbus_method_invocation_return_dbus_error(k->call, DENIED, text);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	struct check *k = user;
	gboolean yes = FALSE, challenge = FALSE;

	if (r)
		g_variant_get(r, "((bb@a{ss}))", &yes, &challenge, NULL);
	if (yes) {
		k->allowed(k->in, k->call);
	} else if (r) {
		refuse(k, "polkit does not give it to you");
	} else {
		g_warning("polkit cannot be asked, all callers are refused: %s", error->message);
		refuse(k, "polkit cannot be asked");
	}
	g_free(k);
}

static void ask(struct check *k) {
	GDBusConnection *c = g_dbus_method_invocation_get_connection(k->call);
	GVariantBuilder subject, details;

	g_variant_builder_init(&subject, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&subject, "{sv}", "name",
		g_variant_new_string(g_dbus_method_invocation_get_sender(k->call)));
	g_variant_builder_init(&details, G_VARIANT_TYPE("a{ss}"));
	g_dbus_connection_call(c, "org.freedesktop.PolicyKit1",
		"/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority",
		"CheckAuthorization",
		g_variant_new("((sa{sv})sa{ss}us)", "system-bus-name", &subject, k->action,
			&details, INTERACTIVE, ""),
		G_VARIANT_TYPE("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answer,
		k);
}

void dbus_authorise(struct dbus *b, GDBusMethodInvocation *i,
	void (*allowed)(struct dbus *b, GDBusMethodInvocation *i)) {
	struct check *k;

	if (g_dbus_method_invocation_get_connection(i) != b->system) {
		allowed(b, i);
		return;
	}
	k = g_new0(struct check, 1);
	k->in = b;
	k->call = i;
	k->action = action_of(b, i);
	k->allowed = allowed;
	ask(k);
}
