/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/local-net.h"

#include "domains/local-net-rules.h"
#include "domains/paths.h"
#include "domains/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PASTA "/usr/bin/pasta"
#define NFT   "/usr/sbin/nft"
#define FIFO  "pasta-ready"

struct local_net {
	const struct local_net_handler *handler;
	void *user;
	int dir; /* the caller's */
	pid_t pasta, nft;
	int fifo, userns;
	char *netns;
	guint watch, ready, later;
	bool told;
	char *why; /* for the idle call */
};

static void tell(struct local_net *n, bool connected, const char *why) {
	bool first = !n->told;

	n->told = true;
	if (first)
		n->handler->done(n->user, connected, why);
	else if (!connected)
		n->handler->lost(n->user, why);
}

static void on_ended(GPid pid, gint status, gpointer user) {
	struct local_net *n = user;

	n->watch = 0;
	n->pasta = 0;
	g_clear_handle_id(&n->ready, g_source_remove);
	tell(n, false,
		n->told ? "pasta, which carries the network, ended"
			: "pasta could not connect (has the host a network? see the domain's log)");
}

static gboolean on_ready(gint fd, GIOCondition cond, gpointer user) {
	struct local_net *n = user;
	char text[16];

	if (read(fd, text, sizeof(text)) <= 0 && (cond & G_IO_IN))
		return G_SOURCE_CONTINUE;
	n->ready = 0;
	/* A hang-up without a number: on_ended tells. */
	if (cond & G_IO_IN)
		tell(n, true, "");
	return G_SOURCE_REMOVE;
}

static gboolean on_later(gpointer user) {
	struct local_net *n = user;

	n->later = 0;
	tell(n, false, n->why);
	return G_SOURCE_REMOVE;
}

static struct local_net *fail(struct local_net *n, const char *why) {
	n->why = g_strdup(why);
	n->later = g_idle_add(on_later, n);
	return n;
}

/* The network namespace of the sandbox, and the user namespace that owns it: with user namespaces
 * disabled inside, that is not the one its processes are in. */
static bool open_namespaces(struct local_net *n, pid_t sandbox) {
	AUTO(auto_close) int net = -1;

	n->netns = g_strdup_printf("/proc/%d/ns/net", (int)sandbox);
	net = open(n->netns, O_RDONLY | O_CLOEXEC);
	n->userns = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	return n->userns >= 0;
}

static int spawn(struct local_net *n, char *fifo) {
	g_autofree char *userns = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), n->userns);
	char *argv[] = {(char *)"pasta", (char *)"--config-net", (char *)"--foreground",
		(char *)"--quiet", (char *)"-t", (char *)"none", (char *)"-u", (char *)"none",
		(char *)"-T", (char *)"none", (char *)"-U", (char *)"none", (char *)"--no-map-gw",
		(char *)"--pid", fifo, (char *)"--userns", userns, (char *)"--netns", n->netns,
		NULL};
	char *envp[] = {(char *)"PATH=/usr/bin:/bin", NULL};
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	err = posix_spawn(&n->pasta, PASTA, NULL, &attr, argv, envp);
	posix_spawnattr_destroy(&attr);
	return err;
}

static const char *start_pasta(struct local_net *n) {
	g_autofree char *folder = g_strdup_printf("/proc/self/fd/%d", n->dir),
			*real = g_file_read_link(folder, NULL), *fifo = NULL;

	unlinkat(n->dir, FIFO, 0);
	if (!real || mkfifoat(n->dir, FIFO, 0600))
		return "no fifo could be made in the runtime folder";
	/* pasta has no descriptor of ours: it needs the real path. */
	fifo = g_build_filename(real, FIFO, NULL);
	n->fifo = openat(n->dir, FIFO, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (n->fifo < 0 || spawn(n, fifo)) {
		n->pasta = 0;
		return "pasta could not be started";
	}
	n->watch = g_child_watch_add(n->pasta, on_ended, n);
	n->ready = g_unix_fd_add(n->fifo, G_IO_IN | G_IO_HUP, on_ready, n);
	return NULL;
}

static void on_rules_set(GPid pid, gint status, gpointer user) {
	struct local_net *n = user;
	const char *why = "nft refused the rules of this domain (see its log)";

	n->watch = 0;
	n->nft = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		why = start_pasta(n);
	if (why)
		tell(n, false, why);
}

/* Of what this process may do in the namespaces it joined, the right to set rules lasts beyond
 * exec; nothing else does. */
static int keep_net_admin(void) {
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2] = {{0}};

	caps[0].effective = caps[0].permitted = caps[0].inheritable = 1u << CAP_NET_ADMIN;
	if (syscall(SYS_capset, &head, caps))
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

/* The child: into the sandbox's network, then nft with the rules as its input. */
static void run_nft(int userns, int netns, int rules) {
	static char *const argv[] = {(char *)"nft", (char *)"-f", (char *)"-", NULL};
	static char *const envp[] = {(char *)"PATH=/usr/sbin:/usr/bin", NULL};

	if (setns(userns, CLONE_NEWUSER) || setns(netns, CLONE_NEWNET) || dup2(rules, 0) < 0 ||
		keep_net_admin())
		_exit(126);
	execve(NFT, argv, envp);
	_exit(127);
}

/* The domain cannot change them: it has no capability in that namespace. */
static const char *set_rules(struct local_net *n, const char *allow) {
	g_auto(GStrv) host = local_net_host_addresses();
	g_autofree char *text = local_net_rules(allow, (const char *const *)host);
	AUTO(auto_close) int rules = sandbox_memfd("bulkhead-nft", text, strlen(text));
	AUTO(auto_close) int netns = open(n->netns, O_RDONLY | O_CLOEXEC);

	n->nft = rules < 0 || netns < 0 ? -1 : fork();
	if (n->nft == 0)
		run_nft(n->userns, netns, rules);
	if (n->nft < 0) {
		n->nft = 0;
		return "nft could not be started";
	}
	n->watch = g_child_watch_add(n->nft, on_rules_set, n);
	return NULL;
}

struct local_net *local_net_new(int dir, pid_t sandbox, const char *allow,
	const struct local_net_handler *handler, void *user) {
	struct local_net *n = g_new0(struct local_net, 1);
	const char *why;

	n->handler = handler;
	n->user = user;
	n->dir = dir;
	n->fifo = n->userns = -1;
	if (access(PASTA, X_OK))
		return fail(n, "pasta is missing (install the package passt)");
	if (access("/dev/net/tun", R_OK | W_OK))
		return fail(n, "/dev/net/tun is missing or closed to this user");
	if (access(NFT, X_OK) && *allow)
		return fail(n, "net_allow needs nft (install the package nftables)");
	if (!open_namespaces(n, sandbox))
		return fail(n, "the sandbox's network namespace cannot be opened");
	why = access(NFT, X_OK) ? start_pasta(n) : set_rules(n, allow);
	return why ? fail(n, why) : n;
}

struct local_net *local_net_free(struct local_net *n) {
	if (!n)
		return NULL;
	g_clear_handle_id(&n->watch, g_source_remove);
	g_clear_handle_id(&n->ready, g_source_remove);
	g_clear_handle_id(&n->later, g_source_remove);
	if (n->pasta > 0) {
		kill(n->pasta, SIGKILL);
		waitpid(n->pasta, NULL, 0);
	}
	if (n->nft > 0) {
		kill(n->nft, SIGKILL);
		waitpid(n->nft, NULL, 0);
	}
	auto_close(&n->fifo);
	auto_close(&n->userns);
	g_free(n->netns);
	g_free(n->why);
	g_free(n);
	return NULL;
}

/* Lines "nameserver ADDRESS" that are not the host's own loopback. */
static char *servers_of(const char *file) {
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GString) out = g_string_new(NULL);

	if (!g_file_get_contents(file, &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		const char *a = *l + strlen("nameserver");

		if (!g_str_has_prefix(*l, "nameserver") || !g_ascii_isspace(*a))
			continue;
		a += strspn(a, " \t");
		if (g_str_has_prefix(a, "127.") || !strcmp(a, "::1"))
			continue;
		g_string_append_printf(out, "nameserver %s\n", a);
	}
	return out->len ? g_strdup(out->str) : NULL;
}

char *local_net_resolv_conf(void) {
	char *text = servers_of("/etc/resolv.conf");

	/* Behind systemd-resolved's loopback address stand the real ones. */
	if (!text)
		text = servers_of("/run/systemd/resolve/resolv.conf");
	return text ? text : g_strdup("");
}
