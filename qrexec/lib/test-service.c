/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Service configuration, and how services are found. */
#include "qrexec/lib/config.h"
#include "qrexec/lib/service.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void test_config(void) {
	static const struct {
		const char *text;
		int answer; /* the wrong line */
		struct config want;
	} rows[] = {
		{"", 0, {0}},
		{"# nothing\n\n", 0, {0}},
		{"wait-for-session = 1", 0, {.wait_for_session = true}},
		{"wait-for-session=true # why\n", 0, {.wait_for_session = true}},
		{"wait-for-session=false\r\n", 0, {0}},
		{"force-user = 'root'\n", 0, {.force_user = "root"}},
		{"skip-service-descriptor=true\nexit-on-service-eof=true\nexit-on-client-eof=true",
			0,
			{.skip_descriptor = true,
				.exit_on_service_eof = true,
				.exit_on_client_eof = true}},
		{"unknown = 5\nunknown2 = 'x'\nunknown3=true", 0, {0}},
		{"unknown = 05", 1, {0}},
		{"unknown = x", 1, {0}},
		{"wait-for-session = 2", 1, {0}},
		{"wait-for-session = 'true'", 1, {0}},
		{"skip-service-descriptor = 1", 1, {0}},
		{"\nforce-user = root", 2, {0}},
		{"force-user = ''", 1, {0}},
		{"force-user = \"root\"", 1, {0}},
		{"force-user = 'root", 1, {0}},
		{"force-user = 'root' x", 1, {0}},
		{" force-user = 'root'", 1, {0}},
		{" # x", 1, {0}},
		{"[section]", 1, {0}},
		{"force-user", 1, {0}},
		{"wait-for-session=1\nwait-for-session=1", 2, {0}},
		{"force-user='a'\nskip-service-descriptor=true\n", 3, {0}},
		{"9key = 1", 1, {0}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct config c;
		int answer = config_parse(rows[i].text, strlen(rows[i].text), &c);

		g_test_message("%s", rows[i].text);
		g_assert_cmpint(answer, ==, rows[i].answer);
		if (answer)
			continue;
		g_assert_cmpint(c.wait_for_session, ==, rows[i].want.wait_for_session);
		g_assert_cmpint(c.skip_descriptor, ==, rows[i].want.skip_descriptor);
		g_assert_cmpint(c.exit_on_service_eof, ==, rows[i].want.exit_on_service_eof);
		g_assert_cmpint(c.exit_on_client_eof, ==, rows[i].want.exit_on_client_eof);
		g_assert_cmpstr(c.force_user, ==, rows[i].want.force_user);
	}
}

/* Bug class H4: a NUL hides what stands behind it. */
static void test_config_nul(void) {
	struct config c;

	g_assert_cmpint(config_parse("a=1\n\0force-user='root'", 23, &c), ==, 1);
}

static void test_tcp(void) {
	static const struct {
		const char *target, *argument;
		int answer;
		const char *host, *port;
	} rows[] = {
		{"/dev/tcp/127.0.0.1/80", NULL, 0, "127.0.0.1", "80"},
		{"/dev/tcp/127.0.0.1/80", "", 0, "127.0.0.1", "80"},
		{"/dev/tcp/127.0.0.1/80", "81", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp/127.0.0.1", "22", 0, "127.0.0.1", "22"},
		{"/dev/tcp/127.0.0.1", "", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp/127.0.0.1", "022", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp/127.0.0.1", "0", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp/127.0.0.1", "65535", 0, "127.0.0.1", "65535"},
		{"/dev/tcp/127.0.0.1", "65536", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp/127.0.0.1", "1+2", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp", "127.0.0.1+22", 0, "127.0.0.1", "22"},
		{"/dev/tcp", "++1+22", 0, "::1", "22"},
		{"/dev/tcp", "a_b+22", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp", "localhost+22", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp", "22", SERVICE_E_BAD, NULL, NULL},
		{"/dev/tcp", NULL, SERVICE_E_BAD, NULL, NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct service s = {0};

		g_test_message("%s %s", rows[i].target, rows[i].argument);
		g_assert_cmpint(
			service_tcp(rows[i].target, rows[i].argument, &s), ==, rows[i].answer);
		if (rows[i].answer)
			continue;
		g_assert_cmpstr(s.host, ==, rows[i].host);
		g_assert_cmpstr(s.port, ==, rows[i].port);
	}
}

static void put(const char *dir, const char *name, int mode) {
	g_autofree char *path = g_build_filename(dir, name, NULL);

	g_assert_true(g_file_set_contents(path, "x", 1, NULL));
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static void put_socket(const char *dir, const char *name) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", dir, name);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&at, sizeof(at)), ==, 0);
	close(fd);
}

static void put_link(const char *dir, const char *name, const char *target) {
	g_autofree char *path = g_build_filename(dir, name, NULL);

	g_assert_cmpint(symlink(target, path), ==, 0);
}

static void test_find(void) {
	static const struct {
		const char *key, *service, *argument;
		int answer;
		enum service_kind kind;
		const char *ends;
	} rows[] = {
		{"a+", "a", "", 0, SERVICE_EXEC, "/two/a+"},
		{"a+b", "a", "b", 0, SERVICE_EXEC, "/one/a"},
		{"b+", "b", "", 0, SERVICE_SOCKET, "/one/b"},
		{"l+", "l", "", 0, SERVICE_SOCKET, "/one/l"},
		{"t+80", "t", "80", 0, SERVICE_TCP, ""},
		{"none+", "none", "", SERVICE_E_NONE, 0, NULL},
		{"dir+", "dir", "", SERVICE_E_BAD, 0, NULL},
		{"dead+", "dead", "", SERVICE_E_BAD, 0, NULL},
		{"plain+", "plain", "", SERVICE_E_BAD, 0, NULL},
		{"../one/a+", "../one/a", "", SERVICE_E_NONE, 0, NULL},
		{"a+/../b", "a", "/../b", 0, SERVICE_EXEC, "/one/a"},
		{"..+", "..", "", SERVICE_E_NONE, 0, NULL},
		{".+", ".", "", SERVICE_E_NONE, 0, NULL},
	};
	g_autofree char *top = g_dir_make_tmp("bh-service-XXXXXX", NULL);
	g_autofree char *one = g_build_filename(top, "one", NULL);
	g_autofree char *two = g_build_filename(top, "two", NULL);
	g_autofree char *paths = g_strdup_printf("%s/absent:%s:%s", top, one, two);
	g_autofree char *dir = g_build_filename(one, "dir", NULL);
	g_autofree char *clean = g_strdup_printf("rm -r %s", top);

	g_mkdir(one, 0700);
	g_mkdir(two, 0700);
	g_mkdir(dir, 0700);
	put(one, "a", 0755);
	put(two, "a+", 0755);
	put(one, "plain", 0644);
	put_socket(one, "b");
	put_link(one, "l", "b");
	put_link(one, "t", "/dev/tcp/127.0.0.1");
	put_link(one, "dead", "nowhere");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct service s = {0};

		g_test_message("%s", rows[i].key);
		g_assert_cmpint(
			service_find(paths, rows[i].key, rows[i].service, rows[i].argument, &s), ==,
			rows[i].answer);
		if (rows[i].answer)
			continue;
		g_assert_cmpint(s.kind, ==, rows[i].kind);
		g_assert_true(g_str_has_suffix(s.path, rows[i].ends) || s.kind == SERVICE_TCP);
	}
	g_assert_true(g_spawn_command_line_sync(clean, NULL, NULL, NULL, NULL));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/config/table", test_config);
	g_test_add_func("/bug-class/H4/config-nul", test_config_nul);
	g_test_add_func("/service/tcp", test_tcp);
	g_test_add_func("/service/find", test_find);
	return g_test_run();
}
