/*
 * Schedules as a CronJob takes them: five fields (minute, hour, day of the
 * month, month, day of the week), each a list of "*", "N" or "N-M", with
 * "/STEP" behind it or not; months and days of the week by name, too; or
 * "@daily" and its like. Source: the CronJob's documentation.
 */
#ifndef KR_BASE_CRON_H
#define KR_BASE_CRON_H

#include <stdbool.h>

bool cron_is_valid(const char *text);

#endif
