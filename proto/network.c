/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define HEAD      "bulkhead-network 1\n"
#define PER_BLOCK 250 /* slots in a /24: .2 to .251 */

void network_link_of(unsigned slot, struct network_link *ret) {
	const uint8_t block = (uint8_t)(slot / PER_BLOCK), host = (uint8_t)(slot % PER_BLOCK + 2);
	const uint8_t high = (uint8_t)(slot >> 8), low = (uint8_t)slot;
	const unsigned last = slot + 2;

	*ret = (struct network_link){
		.ip4 = {10, 137, block, host},
		.gateway4 = {10, 138, block, host},
		.ip6 = {0xfd, 0x09, 0x24, 0xef, 0x41, 0x79, 0, 0, 0, 0, 0, 0, 0x0a, 0x89,
			(uint8_t)(last >> 8), (uint8_t)last},
		.link6 = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x16, 0x3e, 0xff, 0xfe, 0x5e, high,
			low},
		.mac = {0x00, 0x16, 0x3e, 0x5e, high, low},
	};
}

void network_text4(const uint8_t address[4], char ret[NETWORK_TEXT_SIZE]) {
	(void)inet_ntop(AF_INET, address, ret, NETWORK_TEXT_SIZE);
}

void network_text6(const uint8_t address[16], char ret[NETWORK_TEXT_SIZE]) {
	(void)inet_ntop(AF_INET6, address, ret, NETWORK_TEXT_SIZE);
}

void network_text_mac(const uint8_t m[6], char ret[NETWORK_TEXT_SIZE]) {
	(void)snprintf(ret, NETWORK_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
		m[3], m[4], m[5]);
}

static void put_text(struct sink *out, const char *text) {
	sink_bytes(out, text, strlen(text));
}

static void put_place(struct sink *out, const struct network_place *p) {
	char address[NETWORK_TEXT_SIZE], line[NETWORK_TEXT_SIZE + 32];

	if (p->v6)
		network_text6(p->address, address);
	else
		network_text4(p->address, address);
	(void)snprintf(line, sizeof(line), "%s/%u %u\n", address, p->prefix, p->port);
	put_text(out, line);
}

size_t network_plan_encode(const struct network_plan *plan, char ret[NETWORK_PLAN_SIZE]) {
	struct sink out = sink_over(ret, NETWORK_PLAN_SIZE - 1);
	char line[32];

	(void)snprintf(
		line, sizeof(line), "%u %s\n", plan->slot, plan->anywhere ? "anywhere" : "places");
	put_text(&out, HEAD);
	put_text(&out, line);
	for (unsigned i = 0; i < plan->n_places; i++)
		put_place(&out, &plan->places[i]);
	if (out.bad)
		return 0;
	*out.at = '\0';
	return NETWORK_PLAN_SIZE - 1 - out.left;
}

/* The next line without its end; false: there is none, or it does not fit. */
static bool take_line(struct span *in, char ret[NETWORK_TEXT_SIZE + 32]) {
	const uint8_t *end = in->left ? memchr(in->at, '\n', in->left) : NULL;
	size_t n = end ? (size_t)(end - in->at) : 0;

	if (!end || n >= NETWORK_TEXT_SIZE + 32 || memchr(in->at, '\0', n))
		return false;
	if (n)
		memcpy(ret, in->at, n);
	ret[n] = '\0';
	(void)span_take(in, n + 1);
	return true;
}

/* Digits only, at most max. */
static bool number(const char *text, unsigned max, unsigned *ret) {
	unsigned n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
		if (n > max)
			return false;
	}
	*ret = n;
	return true;
}

/* Cuts the text at the first such character; what stands after it, or NULL. */
static char *cut(char *text, char at) {
	char *p = strchr(text, at);

	if (p)
		*p++ = '\0';
	return p;
}

static bool read_place(char *line, struct network_place *ret) {
	char *port = cut(line, ' '), *prefix = cut(line, '/');
	unsigned bits, n;

	memset(ret, 0, sizeof(*ret));
	ret->v6 = strchr(line, ':') != NULL;
	if (!port || !prefix || !number(prefix, ret->v6 ? 128 : 32, &bits) ||
		!number(port, 65535, &n))
		return false;
	ret->prefix = (uint8_t)bits;
	ret->port = (uint16_t)n;
	return inet_pton(ret->v6 ? AF_INET6 : AF_INET, line, ret->address) == 1;
}

static bool read_plan(struct span in, struct network_plan *ret) {
	char line[NETWORK_TEXT_SIZE + 32], *word;

	memset(ret, 0, sizeof(*ret));
	if (!take_line(&in, line) || !take_line(&in, line))
		return false;
	word = cut(line, ' ');
	if (!word || !number(line, NETWORK_SLOTS - 1, &ret->slot))
		return false;
	ret->anywhere = !strcmp(word, "anywhere");
	for (; in.left; ret->n_places++)
		if (ret->n_places == NETWORK_PLACES_MAX || !take_line(&in, line) ||
			!read_place(line, &ret->places[ret->n_places]))
			return false;
	return !ret->anywhere || ret->n_places == 0;
}

/* There is one way to write a plan: what would be written differently is refused. */
int network_plan_decode(struct span in, struct network_plan *ret) {
	char again[NETWORK_PLAN_SIZE];
	struct network_plan plan;

	if (in.left >= NETWORK_PLAN_SIZE || !read_plan(in, &plan) ||
		network_plan_encode(&plan, again) != in.left || memcmp(again, in.at, in.left) != 0)
		return 1;
	*ret = plan;
	return 0;
}

int network_vif_decode(const char *path, unsigned *ret_domain, unsigned *ret_device) {
	static const char kind[] = "backend/vif/";
	const char *at = strstr(path, kind);
	char rest[24], *device;
	unsigned domain, n;

	if (!at || (at != path && at[-1] != '/') || strlen(at + sizeof(kind) - 1) >= sizeof(rest))
		return 1;
	memcpy(rest, at + sizeof(kind) - 1, strlen(at + sizeof(kind) - 1) + 1);
	device = cut(rest, '/');
	/* Xen's domains are below DOMID_FIRST_RESERVED. */
	if (!device || !number(rest, 0x7fef, &domain) || !number(device, 255, &n))
		return 1;
	*ret_domain = domain;
	*ret_device = n;
	return 0;
}
