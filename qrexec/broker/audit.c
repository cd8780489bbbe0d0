/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the broker writes into the audit file; docs/audit.md has the records. */
#include "common/audit.h"
#include "qrexec/broker/call.h"

static void finish(struct broker *b, struct audit_line *l) {
	int r = audit_end(b->audit, l);

	if (r && !b->audit_failed)
		g_warning("an audit record is lost: %s", g_strerror(-r));
	b->audit_failed = r != 0;
}

static void put_stage(struct audit_line *l, const char *key, gint64 from, gint64 to) {
	if (from && to)
		audit_number(l, key, (uint64_t)(to - from));
}

static void begin(struct audit_line *l, const char *event, const struct call *c) {
	audit_begin(l, event);
	audit_number(l, "call", c->id);
	audit_text(l, "source", c->source);
	audit_text(l, "target", c->asked_target);
	audit_text(l, "service", c->service ? c->service : c->command);
}

void call_audit(struct call *c, const char *outcome, const char *reason) {
	const struct policy_rule *rule = c->decision.rule, *passes = c->decision.passes_deny;
	struct audit_line l;

	begin(&l, "call", c);
	audit_text(&l, "outcome", outcome);
	audit_text(&l, "final_target", c->target);
	audit_text(&l, "reason", reason);
	if (rule) {
		audit_text(&l, "file", rule->file);
		audit_number(&l, "line", rule->line);
		audit_text(&l, "rule", rule->text);
	}
	if (passes) {
		audit_text(&l, "passes_deny_file", passes->file);
		audit_number(&l, "passes_deny_line", passes->line);
	}
	audit_text(&l, "choice", c->choice);
	put_stage(&l, "policy_us", c->began, c->decided);
	put_stage(&l, "ask_us", c->decided, c->asked);
	put_stage(&l, "start_us", c->asked ? c->asked : c->decided, c->started);
	put_stage(&l, "connect_us", c->began, c->connected);
	finish(c->in->broker, &l);
}

void call_audit_end(struct call *c) {
	struct audit_line l;

	begin(&l, "end", c);
	put_stage(&l, "total_us", c->began, g_get_monotonic_time());
	finish(c->in->broker, &l);
}

void audit_policy(struct broker *b, const char *reason, const char *file, uint32_t line) {
	struct audit_line l;

	audit_begin(&l, "policy");
	audit_text(&l, "outcome", reason ? "fail" : "ok");
	audit_text(&l, "reason", reason);
	audit_text(&l, "file", file);
	if (file)
		audit_number(&l, "line", line);
	finish(b, &l);
}

void audit_write_clipboard(struct broker *b, const struct audit_clipboard *r) {
	struct audit_line l;

	audit_begin(&l, r->event);
	audit_text(&l, "source", r->source);
	audit_text(&l, "target", r->target);
	audit_text(&l, "outcome", r->outcome);
	audit_text(&l, "reason", r->reason);
	audit_text(&l, "file", r->file);
	if (r->file)
		audit_number(&l, "line", r->line);
	audit_text(&l, "rule", r->rule);
	audit_number(&l, "bytes", r->bytes);
	audit_text(&l, "kind", "text");
	finish(b, &l);
}
