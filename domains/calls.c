/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/calls.h"

#include "domains/backoff.h"
#include "domains/channel.h"
#include "domains/domain-private.h"
#include "domains/paths.h"
#include "domains/program.h"
#include "proto/broker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

/* The qrexec-daemon beside a running domain. */
struct side {
	struct calls *in;
	char *name;
	uint32_t id; /* of the domain it was started for */
	pid_t pid;   /* 0: none */
	unsigned watch, timer;
	struct backoff backoff;
};

struct calls {
	struct manager *manager;
	char *runtime;
	struct channel *broker; /* NULL: none */
	pid_t pid;
	unsigned watch, timer;
	struct backoff backoff;
	GHashTable *sides;       /* name -> struct side */
	GHashTable *disposables; /* names that were made for a call */
	GList *requests;         /* struct request */
};

/* Something the broker waits for. */
struct request {
	struct calls *in; /* NULL: nobody waits any more */
	uint64_t id;
	char *name;
};

static void start_broker(struct calls *c);

static gint64 now_ms(void) {
	return g_get_monotonic_time() / 1000;
}

static void tell(struct calls *c, const struct broker_msg *m, int fd) {
	static uint8_t packet[BROKER_PACKET_MAX];
	size_t size = broker_encode(m, packet, sizeof(packet));

	if (c->broker && size && channel_send(c->broker, packet, size, fd))
		g_message("the broker went");
}

static void tell_done(struct calls *c, uint64_t id, int error, const char *text, int fd) {
	const struct broker_msg m = {.type = BROKER_DONE,
		.id = id,
		.value = (uint32_t)error,
		.count = 1,
		.texts = {text}};

	tell(c, &m, fd);
}

static uint32_t live_id(const struct domain *d) {
	return d->state == DOMAIN_RUNNING || d->state == DOMAIN_PAUSED ? domain_id(d) : 0;
}

static const char *type_of(const struct definition *d) {
	static const char *const words[] = {[KIND_APP] = "AppVM",
		[KIND_DISPOSABLE] = "DispVM",
		[KIND_SERVICE] = "AppVM",
		[KIND_TEMPLATE] = "TemplateVM",
		[KIND_STANDALONE] = "StandaloneVM"};

	return words[d->kind];
}

static void describe(struct calls *c, const struct domain *d) {
	const struct definition *def = d->definition;
	g_auto(GStrv) tags = *def->tags ? g_strsplit(def->tags, " ", -1) : g_new0(char *, 1);
	struct broker_msg m = {.type = BROKER_DOMAIN,
		.domain = live_id(d),
		.value = (def->template_for_dispvms ? BROKER_IS_TEMPLATE : 0u) |
			 (def->kind == KIND_DISPOSABLE ? BROKER_IS_DISPOSABLE : 0u),
		.count = BROKER_ABOUT_TAGS,
		.texts = {[BROKER_ABOUT_NAME] = def->name.s,
			[BROKER_ABOUT_UUID] = def->uuid,
			[BROKER_ABOUT_TYPE] = type_of(def),
			[BROKER_ABOUT_USER] = def->default_user,
			[BROKER_ABOUT_DEFAULT_DISPVM] = def->default_dispvm,
			[BROKER_ABOUT_LABEL] = def->label->name,
			[BROKER_ABOUT_NETVM] = def->netvm}};

	for (char **t = tags; *t; t++)
		m.texts[m.count++] = *t;
	tell(c, &m, -1);
}

static void stop_side(struct side *s) {
	g_clear_handle_id(&s->timer, g_source_remove);
	g_clear_handle_id(&s->watch, g_source_remove);
	if (s->pid)
		kill(s->pid, SIGTERM);
	s->pid = 0;
	s->id = 0;
}

static void side_free(void *data) {
	struct side *s = data;

	stop_side(s);
	g_free(s->name);
	g_free(s);
}

static void start_side(struct side *s);

static gboolean start_side_again(gpointer data) {
	struct side *s = data;

	s->timer = 0;
	start_side(s);
	return G_SOURCE_REMOVE;
}

static void on_side_ended(void *user, pid_t pid, int status) {
	struct side *s = user;

	(void)pid;
	(void)status;
	s->pid = 0;
	s->watch = 0;
	if (s->id && s->in->broker)
		s->timer = g_timeout_add(backoff_ended(&s->backoff, now_ms()), start_side_again, s);
}

static int spawn_side(struct side *s, struct domain *d, int end) {
	g_autofree char *program = paths_find("bulkhead-qrexec-daemon"), *spec = NULL,
			*vchan = NULL, *domain = g_strdup_printf("--domain=%u", s->id);
	AUTO(auto_close) int hv = -1;
	int r = program ? d->in->ops->transport(d->machine, 3, &spec, &hv) : -ENOENT;
	const char *argv[] = {
		program, NULL, domain, hv < 0 ? "--broker-fd=3" : "--broker-fd=4", NULL};
	int fds[] = {hv < 0 ? end : hv, hv < 0 ? -1 : end, -1};
	const struct program p = {.argv = argv,
		.fds = fds,
		.person = true,
		.ended = on_side_ended,
		.user = s,
		.watch = &s->watch};

	if (r)
		return r;
	vchan = g_strdup_printf("--vchan=%s", spec);
	argv[1] = vchan;
	return program_start(&p, &s->pid);
}

static void start_side(struct side *s) {
	struct calls *c = s->in;
	struct domain *d = manager_find(c->manager, s->name);
	struct broker_msg m = {.type = BROKER_DAEMON, .count = 1, .texts = {s->name}};
	int pair[2], r;

	if (!d || !c->broker || s->pid || !live_id(d))
		return;
	s->id = live_id(d);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return;
	backoff_started(&s->backoff, now_ms());
	r = spawn_side(s, d, pair[0]);
	if (r) {
		g_warning(
			"domain %s: no calls: bulkhead-qrexec-daemon: %s", s->name, g_strerror(-r));
	} else {
		m.domain = s->id;
		tell(c, &m, pair[1]);
	}
	close(pair[0]);
	close(pair[1]);
}

static struct side *side_of(struct calls *c, const char *name) {
	struct side *s = g_hash_table_lookup(c->sides, name);

	if (!s) {
		s = g_new0(struct side, 1);
		s->in = c;
		s->name = g_strdup(name);
		g_hash_table_insert(c->sides, s->name, s);
	}
	return s;
}

void calls_domain(struct calls *c, struct domain *d) {
	struct side *s;

	if (!c || !c->broker || d->prepared_for)
		return;
	describe(c, d);
	s = side_of(c, domain_name(d));
	if (s->id != live_id(d))
		stop_side(s);
	if (live_id(d) && !s->timer)
		start_side(s);
}

void calls_domain_removed(struct calls *c, struct domain *d) {
	const struct broker_msg m = {
		.type = BROKER_DOMAIN_GONE, .count = 1, .texts = {domain_name(d)}};

	if (!c)
		return;
	tell(c, &m, -1);
	g_hash_table_remove(c->sides, domain_name(d));
	g_hash_table_remove(c->disposables, domain_name(d));
}

static struct request *request_new(struct calls *c, uint64_t id, const char *name) {
	struct request *r = g_new0(struct request, 1);

	r->in = c;
	r->id = id;
	r->name = g_strdup(name);
	c->requests = g_list_prepend(c->requests, r);
	return r;
}

static void request_free(struct request *r) {
	if (r->in)
		r->in->requests = g_list_remove(r->in->requests, r);
	g_free(r->name);
	g_free(r);
}

static void on_started(void *user, const GError *error) {
	struct request *r = user;

	if (r->in)
		tell_done(r->in, r->id, error ? EIO : 0, error ? error->message : r->name, -1);
	request_free(r);
}

static void on_start(struct calls *c, const struct broker_msg *m) {
	struct domain *d = manager_find(c->manager, m->texts[0]);

	if (!d) {
		tell_done(c, m->id, ENOENT, "there is no such domain", -1);
		return;
	}
	domain_start(d, on_started, request_new(c, m->id, m->texts[0]));
}

static void on_made(void *user, struct domain *d, const GError *error) {
	struct request *r = user;

	if (!d || !r->in) {
		if (r->in)
			tell_done(r->in, r->id, error->code == DOMAIN_E_FAILED ? EIO : ENOENT,
				error->message, -1);
		else if (d)
			domain_kill(d, manager_ignore, NULL);
		request_free(r);
		return;
	}
	g_free(r->name);
	r->name = g_strdup(domain_name(d));
	g_hash_table_add(r->in->disposables, g_strdup(r->name));
	domain_start(d, on_started, r);
}

static void on_disposable(struct calls *c, const struct broker_msg *m) {
	manager_create_disposable(
		c->manager, m->texts[0], on_made, request_new(c, m->id, m->texts[0]));
}

/* Only what was made for a call ends with it. */
static void on_kill(struct calls *c, const struct broker_msg *m) {
	struct domain *d = manager_find(c->manager, m->texts[0]);

	if (d && g_hash_table_contains(c->disposables, m->texts[0]))
		domain_kill(d, manager_ignore, NULL);
}

static struct domain *find_id(struct calls *c, uint32_t id) {
	GHashTableIter i;
	gpointer d;

	g_hash_table_iter_init(&i, c->manager->domains);
	while (g_hash_table_iter_next(&i, NULL, &d))
		if (id && live_id(d) == id)
			return d;
	return NULL;
}

static void on_vchan(struct calls *c, const struct broker_msg *m) {
	struct domain *d = find_id(c, m->domain);
	g_autofree char *spec = NULL;
	AUTO(auto_close) int fd = -1;
	int r = d ? c->manager->ops->transport(d->machine, 3, &spec, &fd) : -ENOENT;

	tell_done(c, m->id, r ? -r : 0, "", fd);
}

static void on_note(struct calls *c, const struct broker_msg *m) {
	struct domain *d = manager_find(c->manager, m->texts[0]);
	g_autofree char *sentence = NULL, *service = g_strdup(m->texts[2]);

	if (m->value == BROKER_NOTE_POLICY || !d) {
		g_warning("%s", m->texts[3]);
		return;
	}
	if (g_str_has_suffix(service, "+")) /* no argument */
		service[strlen(service) - 1] = 0;
	sentence = g_strdup_printf("%s to %s %s: %s", service,
		*m->texts[1] ? m->texts[1] : "no domain",
		m->value == BROKER_NOTE_DENIED ? "was refused" : "failed", m->texts[3]);
	g_message("domain %s: %s", domain_name(d), sentence);
	c->manager->events->refused(c->manager->user, d, sentence);
}

bool calls_paste(struct calls *c, uint32_t number, const char *source, const char *target) {
	const struct broker_msg m = {
		.type = BROKER_PASTE, .id = number, .count = 2, .texts = {source, target}};

	if (!c || !c->broker)
		return false;
	tell(c, &m, -1);
	return true;
}

void calls_clipboard_record(
	struct calls *c, uint32_t number, size_t bytes, const char *const texts[5]) {
	struct broker_msg m = {
		.type = BROKER_CLIPBOARD, .id = number, .value = (uint32_t)bytes, .count = 5};

	for (unsigned i = 0; i < 5; i++)
		m.texts[i] = texts[i];
	if (c)
		tell(c, &m, -1);
}

static void on_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	static struct broker_msg m;
	struct calls *c = user;

	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	if (broker_decode(BROKER_TO_MANAGER, span_over(data, size), &m)) {
		g_warning("the broker said what makes no sense");
		return;
	}
	if (m.type == BROKER_START)
		on_start(c, &m);
	else if (m.type == BROKER_DISPOSABLE)
		on_disposable(c, &m);
	else if (m.type == BROKER_KILL)
		on_kill(c, &m);
	else if (m.type == BROKER_VCHAN)
		on_vchan(c, &m);
	else if (m.type == BROKER_PASTE_DECIDED)
		manager_clipboard_decided(c->manager, (uint32_t)m.id, m.value, m.texts[0]);
	else
		on_note(c, &m);
}

static gboolean start_broker_again(gpointer data) {
	struct calls *c = data;

	c->timer = 0;
	start_broker(c);
	return G_SOURCE_REMOVE;
}

/* Without a broker every call is refused by the daemons' end; with the next one all begins anew. */
static void broker_over(struct calls *c) {
	c->broker = channel_free(c->broker);
	g_hash_table_remove_all(c->sides);
	for (GList *l = c->requests; l; l = l->next)
		((struct request *)l->data)->in = NULL;
	g_clear_pointer(&c->requests, g_list_free);
	if (!c->timer && !c->pid)
		c->timer = g_timeout_add(
			backoff_ended(&c->backoff, now_ms()), start_broker_again, c);
}

static void on_closed(void *user) {
	broker_over(user);
}

static void on_broker_ended(void *user, pid_t pid, int status) {
	struct calls *c = user;

	(void)pid;
	g_warning("the broker ended (status %d)", status);
	c->pid = 0;
	c->watch = 0;
	broker_over(c);
}

static int spawn_broker(struct calls *c, int end) {
	g_autofree char *program = paths_find("bulkhead-qrexec-broker"), *state = paths_state(),
			*runtime = program_person_runtime();
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	const int fds[] = {end, -1};
	struct program p = {.fds = fds,
		.display = true,
		.ended = on_broker_ended,
		.user = c,
		.watch = &c->watch};
	char *ask = paths_find("bulkhead-ask"), *serve = paths_find("bulkhead-qrexec-serve");

	if (!program)
		return -ENOENT;
	g_mkdir_with_parents(state, 0700);
	if (runtime) { /* root's bulkheadd: the broker is the person's, and so is what it writes */
		g_free(state);
		state = g_strdup("/var/log/bulkhead-session");
		if (program_person_folder("/var/log", "bulkhead-session"))
			g_warning("%s cannot be made: calls are not recorded", state);
	}
	g_ptr_array_add(argv, g_strdup(program));
	g_ptr_array_add(argv, g_strdup("--manager-fd=3"));
	if (!strcmp(c->manager->ops->name, "xen"))
		g_ptr_array_add(argv, g_strdup("--vchan=xen"));
	g_ptr_array_add(argv, g_strdup_printf("--audit=%s/audit.jsonl", state));
	g_ptr_array_add(argv, g_strdup_printf("--socket=%s/broker.sock", c->runtime));
	if (ask)
		g_ptr_array_add(argv, g_strdup_printf("--ask=%s", ask));
	if (serve)
		g_ptr_array_add(argv, g_strdup_printf("--serve=%s", serve));
	g_ptr_array_add(argv, NULL);
	g_free(ask);
	g_free(serve);
	p.argv = (const char *const *)argv->pdata;
	return program_start(&p, &c->pid);
}

static void tell_all(struct calls *c) {
	GHashTableIter i;
	gpointer d;

	g_hash_table_iter_init(&i, c->manager->domains);
	while (g_hash_table_iter_next(&i, NULL, &d))
		calls_domain(c, d);
}

static void start_broker(struct calls *c) {
	static const struct channel_handler handler = {on_packet, on_closed};
	int pair[2], r;

	if (c->pid || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return;
	backoff_started(&c->backoff, now_ms());
	r = spawn_broker(c, pair[0]);
	close(pair[0]);
	if (r) {
		close(pair[1]);
		g_warning("no calls between domains: bulkhead-qrexec-broker: %s", g_strerror(-r));
		return;
	}
	c->broker = channel_new(pair[1], BROKER_PACKET_MAX, false, &handler, c);
	tell_all(c);
}

struct calls *calls_new(struct manager *m, const char *runtime_path) {
	struct calls *c = g_new0(struct calls, 1);

	c->manager = m;
	c->runtime = g_strdup(runtime_path);
	c->sides = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, side_free);
	c->disposables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	start_broker(c);
	return c;
}

struct calls *calls_free(struct calls *c) {
	if (!c)
		return NULL;
	g_clear_handle_id(&c->watch, g_source_remove);
	broker_over(c);
	g_clear_handle_id(&c->timer, g_source_remove);
	if (c->pid)
		kill(c->pid, SIGTERM);
	g_hash_table_destroy(c->sides);
	g_hash_table_destroy(c->disposables);
	g_free(c->runtime);
	g_free(c);
	return NULL;
}
