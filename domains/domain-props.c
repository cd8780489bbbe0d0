/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain shows beside its definition. */
#include "domains/domain-private.h"

#include <string.h>

const char *const domain_live_properties[] = {"Name", "Id", "State", "FailureReason", "Job",
	"JobProgress", "Color", "Pattern", "Windows", "Gui", "Network", "HostUser", "Cgroup", NULL};

static const char *job(const struct domain *d) {
	return d->job ? job_kind_name(job_kind(d->job)) : "";
}

unsigned domain_start_progress(const struct domain *d) {
	if (d->state != DOMAIN_STARTING)
		return 0;
	return d->facts[FACT_NETWORK] ? 75 : d->facts[FACT_HOST_USER] ? 50 : 25;
}

static GVariant *fact(const struct domain *d, enum machine_fact f) {
	return g_variant_new_string(d->facts[f] ? d->facts[f] : "");
}

GVariant *domain_live_property(const struct domain *d, const char *name) {
	char color[8];

	if (!strcmp(name, "Name"))
		return g_variant_new_string(domain_name(d));
	if (!strcmp(name, "Id"))
		return g_variant_new_uint32(domain_id(d));
	if (!strcmp(name, "State"))
		return g_variant_new_string(domain_state_name(d->state));
	if (!strcmp(name, "FailureReason"))
		return g_variant_new_string(d->reason);
	if (!strcmp(name, "Job"))
		return g_variant_new_string(job(d));
	if (!strcmp(name, "JobProgress"))
		return g_variant_new_uint32(domain_start_progress(d));
	if (!strcmp(name, "Pattern"))
		return g_variant_new_string(label_pattern_name(d->definition->label->pattern));
	if (!strcmp(name, "Windows"))
		return g_variant_new_uint32(d->windows);
	if (!strcmp(name, "Gui"))
		return g_variant_new_string(d->gui_state);
	if (!strcmp(name, "Network"))
		return fact(d, FACT_NETWORK);
	if (!strcmp(name, "HostUser"))
		return fact(d, FACT_HOST_USER);
	if (!strcmp(name, "Cgroup"))
		return fact(d, FACT_CGROUP);
	if (strcmp(name, "Color"))
		return NULL;
	g_snprintf(color, sizeof(color), "#%06x", (unsigned)d->definition->label->rgb);
	return g_variant_new_string(color);
}
