/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 timestamps, see timestamp.h. */
#include "timestamp.h"

#include <string.h>

int64_t timestamp_microseconds(int64_t time_ns)
{
	return time_ns / 1000 - (time_ns % 1000 < 0);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, counted from March on, so that the leap day is the last of its
 * year; years from 1600 on. */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t era = year - 1600;

	return era * 365 + era / 4 - era / 100 + era / 400 + of_year - 135080;
}

static char *put_digits(char *at, unsigned value, int count)
{
	for (int i = count - 1; i >= 0; i--, value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + count;
}

const char *timestamp_text(int64_t time_ns, struct timestamp_text *buffer)
{
	int64_t microseconds = timestamp_microseconds(time_ns);
	int64_t seconds = microseconds / 1000000 - (microseconds % 1000000 < 0);
	int64_t days = seconds / 86400 - (seconds % 86400 < 0);
	/* What 64 bits of nanoseconds reach, the years 1677 to 2262, fits 32 bits from here on, which divide faster. */
	unsigned of_day = (unsigned)(seconds - days * 86400), fraction = (unsigned)(microseconds - seconds * 1000000);
	unsigned since = (unsigned)(days + 135080); /* since 1600-03-01 */
	unsigned era = since / 146097, of_era = since % 146097;
	unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * of_year + 2) / 153, day = of_year - (153 * month + 2) / 5 + 1;
	char *at = buffer->text;

	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + 1600 + (month <= 2);
	at = put_digits(at, year, 4);
	*at++ = '-';
	at = put_digits(at, month, 2);
	*at++ = '-';
	at = put_digits(at, day, 2);
	*at++ = 'T';
	at = put_digits(at, of_day / 3600, 2);
	*at++ = ':';
	at = put_digits(at, of_day / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, of_day % 60, 2);
	*at++ = '.';
	at = put_digits(at, fraction, 6);
	*at++ = 'Z';
	*at = '\0';
	return buffer->text;
}

/* A run of decimal digits, no sign, no space. -1 if it is not that. */
static int digits(const char *text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static int days_in(int year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

bool timestamp_parse(const char *text, int64_t *time_ns)
{
	int year, month, day, hour, minute, second, fraction;
	int64_t nanoseconds, seconds;

	if (strlen(text) != sizeof("2026-11-21T20:30:00.123456Z") - 1 || text[4] != '-' || text[7] != '-' ||
	    text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != '.' || text[26] != 'Z')
		return false;
	fraction = digits(text + 20, 6);
	year = digits(text, 4);
	month = digits(text + 5, 2);
	day = digits(text + 8, 2);
	hour = digits(text + 11, 2);
	minute = digits(text + 14, 2);
	second = digits(text + 17, 2);
	if (fraction < 0 || year <= 1600 || month < 1 || month > 12 || day < 1 || day > days_in(year, month) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	if (__builtin_mul_overflow(seconds, (int64_t)1000000000, &nanoseconds) ||
	    __builtin_add_overflow(nanoseconds, (int64_t)fraction * 1000, &nanoseconds))
		return false;
	*time_ns = nanoseconds;
	return true;
}
