/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/domain-icons.h"

#include "tray/icon-ask.h"
#include "tray/icon-badge.h"
#include "tray/menu-store.h"

#include <gio/gio.h>
#include <string.h>

struct picture {
	GdkPixbuf *plain, *host, *shown; /* each NULL: none */
	uint32_t rgb;                    /* of shown */
	enum label_pattern pattern;
	bool looked; /* on the disk */
	bool wanted; /* the domain is to be asked */
};

struct folder {
	char *domain, *path;  /* path NULL: nothing is kept */
	GHashTable *pictures; /* name -> struct picture */
	unsigned fails;
	bool runs;
};

struct domain_icons {
	GHashTable *folders; /* domain -> struct folder */
	struct job *now;     /* one at a time, of all domains */
	struct icon_ask *ask;
	GCancellable *cancel;
	guint count;
	void (*came)(void *user);
	void *user;
};

/* What a thread works on; touches nothing but itself. */
struct job {
	char *domain, *name, *folder;
	uint8_t pixels[ICON_SIZE];
	bool keep, old;
};

static void job_free(gpointer p) {
	struct job *j = p;

	if (!j)
		return;
	g_free(j->domain);
	g_free(j->name);
	g_free(j->folder);
	g_free(j);
}

static void picture_free(gpointer p) {
	struct picture *picture = p;

	g_clear_object(&picture->plain);
	g_clear_object(&picture->host);
	g_clear_object(&picture->shown);
	g_free(picture);
}

static void folder_free(gpointer p) {
	struct folder *f = p;

	g_hash_table_unref(f->pictures);
	g_free(f->domain);
	g_free(f->path);
	g_free(f);
}

static void next(struct domain_icons *i);

static struct picture *find(struct domain_icons *i, const struct job *j) {
	struct folder *f = g_hash_table_lookup(i->folders, j->domain);

	return f ? g_hash_table_lookup(f->pictures, j->name) : NULL;
}

static void set_plain(struct picture *p, const uint8_t pixels[ICON_SIZE]) {
	g_clear_object(&p->plain);
	g_clear_object(&p->shown);
	p->plain = icon_badge_plain(pixels);
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancel) {
	struct job *j = data;

	if (j->keep)
		menu_store_keep_icon(j->folder, j->name, j->pixels);
	g_task_return_boolean(
		task, !j->keep && menu_store_read_icon(j->folder, j->name, j->pixels, &j->old));
}

static void on_kept(GObject *source, GAsyncResult *result, gpointer user) {
}

static void keep(struct domain_icons *i, struct job *j) {
	GTask *task = g_task_new(NULL, NULL, on_kept, NULL);

	j->keep = true;
	g_task_set_task_data(task, j, job_free);
	g_task_run_in_thread(task, work);
	g_object_unref(task);
}

static void on_answer(void *user, const uint8_t *icon) {
	struct domain_icons *i = user;
	struct job *j = g_steal_pointer(&i->now);
	struct folder *f = g_hash_table_lookup(i->folders, j->domain);
	struct picture *p = find(i, j);

	if (f)
		f->fails = icon ? 0 : f->fails + 1;
	if (icon && p) {
		memcpy(j->pixels, icon, ICON_SIZE);
		set_plain(p, icon);
		keep(i, j);
		i->came(i->user);
	} else {
		job_free(j);
	}
	next(i);
}

static void ask(struct domain_icons *i, struct job *j) {
	i->now = j;
	icon_ask_start(i->ask, j->domain, j->name);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	bool there = g_task_propagate_boolean(G_TASK(result), &error);
	struct job *j = g_task_get_task_data(G_TASK(result));
	struct domain_icons *i = user;
	struct picture *p;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	i->now = NULL;
	p = find(i, j);
	if (p) {
		p->looked = true;
		p->wanted = !there || j->old;
		if (there) {
			set_plain(p, j->pixels);
			i->came(i->user);
		}
	}
	next(i);
}

static void read_first(struct domain_icons *i, struct job *j) {
	GTask *task = g_task_new(NULL, i->cancel, on_read, i);

	i->now = j;
	g_task_set_task_data(task, j, job_free);
	g_task_run_in_thread(task, work);
	g_object_unref(task);
}

static bool may_ask(const struct folder *f) {
	return f->runs && f->fails < DOMAIN_ICONS_FAILS;
}

/* The next thing to be done for a domain that is there; each picture is looked for on the disk,
 * then asked for. */
static struct job *job_of(struct folder *f) {
	GHashTableIter n;
	gpointer name, p;

	g_hash_table_iter_init(&n, f->pictures);
	while (g_hash_table_iter_next(&n, &name, &p)) {
		struct picture *picture = p;
		struct job *j;

		if (picture->looked && !(picture->wanted && may_ask(f)))
			continue;
		j = g_new0(struct job, 1);
		j->domain = g_strdup(f->domain);
		j->name = g_strdup(name);
		j->folder = g_strdup(f->path);
		return j;
	}
	return NULL;
}

static void next(struct domain_icons *i) {
	GHashTableIter n;
	gpointer f;

	if (i->now)
		return;
	g_hash_table_iter_init(&n, i->folders);
	while (g_hash_table_iter_next(&n, NULL, &f)) {
		struct job *j = job_of(f);
		struct picture *p = j ? find(i, j) : NULL;

		if (!p)
			continue;
		if (!p->looked) {
			read_first(i, j);
		} else {
			p->wanted = false;
			ask(i, j);
		}
		return;
	}
}

static struct folder *folder_of(struct domain_icons *i, const struct model_domain *d) {
	struct folder *f = g_hash_table_lookup(i->folders, d->name);

	if (f)
		return f;
	f = g_new0(struct folder, 1);
	f->domain = g_strdup(d->name);
	/* A throw-away domain is gone before anybody could read what was kept of it. */
	if (strcmp(model_text(d, "Kind"), "disposable") != 0)
		f->path = menu_store_folder(model_text(d, "Uuid"));
	f->pictures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, picture_free);
	f->runs = d->state == MODEL_RUNNING;
	g_hash_table_insert(i->folders, f->domain, f);
	return f;
}

static void show(struct picture *p, const struct model_domain *d) {
	GdkPixbuf *source = p->plain ? p->plain : p->host;

	if (p->shown && p->rgb == d->rgb && p->pattern == d->pattern)
		return;
	g_clear_object(&p->shown);
	p->shown = source ? icon_badge_new(source, d->rgb, d->pattern) : NULL;
	p->rgb = d->rgb;
	p->pattern = d->pattern;
}

GdkPixbuf *domain_icons_get(
	struct domain_icons *i, const struct model_domain *d, const char *name, GdkPixbuf *host) {
	struct folder *f = folder_of(i, d);
	struct picture *p = g_hash_table_lookup(f->pictures, name);

	if (!*name || (!p && i->count >= DOMAIN_ICONS_MAX))
		return NULL;
	if (!p) {
		p = g_new0(struct picture, 1);
		g_hash_table_insert(f->pictures, g_strdup(name), p);
		i->count++;
		next(i);
	}
	if (p->host != host && g_set_object(&p->host, host) && !p->plain)
		g_clear_object(&p->shown);
	show(p, d);
	return p->shown;
}

void domain_icons_heard(struct domain_icons *i, const struct model_domain *d, bool gone) {
	struct folder *f = g_hash_table_lookup(i->folders, d->name);
	bool runs = d->state == MODEL_RUNNING;

	if (!f)
		return;
	if (gone) {
		i->count -= g_hash_table_size(f->pictures);
		g_hash_table_remove(i->folders, d->name);
		return;
	}
	if (runs && !f->runs) {
		GHashTableIter n;
		gpointer p;

		f->fails = 0;
		g_hash_table_iter_init(&n, f->pictures);
		while (g_hash_table_iter_next(&n, NULL, &p))
			if (!((struct picture *)p)->plain)
				((struct picture *)p)->wanted = true;
	}
	f->runs = runs;
	next(i);
}

struct domain_icons *domain_icons_new(void (*came)(void *user), void *user) {
	struct domain_icons *i = g_new0(struct domain_icons, 1);

	i->folders = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, folder_free);
	i->ask = icon_ask_new(on_answer, i);
	i->cancel = g_cancellable_new();
	i->came = came;
	i->user = user;
	return i;
}

struct domain_icons *domain_icons_free(struct domain_icons *i) {
	if (!i)
		return NULL;
	g_cancellable_cancel(i->cancel);
	g_object_unref(i->cancel);
	/* A job that is being asked for is ours; one that is read belongs to its thread. */
	if (icon_ask_busy(i->ask))
		job_free(i->now);
	icon_ask_free(i->ask);
	g_hash_table_unref(i->folders);
	g_free(i);
	return NULL;
}
