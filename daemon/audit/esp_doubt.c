/* SPDX-License-Identifier: Apache-2.0 */
/* See esp_doubt.h. Called by the tracker. */
#include "esp_doubt.h"

enum {
	NUMBER_LOW = 1024,  /* an SA seen from its beginning, or nearly */
	STEP_MAX = 1 << 16, /* a mirror that loses more between two packets shows others that follow each other */
	STILL_OTHER = 4,
	STILL_MAX = 8, /* so that an SPI that comes to be used for ESP is believed after as many packets */
};

enum esp_doubt_verdict esp_doubt_begin(struct esp_doubt *doubt, uint32_t number, uint16_t digest)
{
	*doubt = (struct esp_doubt){ .number = number, .digest = digest };
	return number > 0 && number <= NUMBER_LOW ? ESP_DOUBT_COUNTS : ESP_DOUBT_OPEN;
}

enum esp_doubt_verdict esp_doubt_packet(struct esp_doubt *doubt, uint32_t number, uint16_t digest)
{
	uint32_t ahead = number - doubt->number;

	/* Copies of a mirror say nothing, and neither does what was overtaken. */
	bool copy = ahead == 0 && digest == doubt->digest;
	bool late = -ahead < STEP_MAX && ahead != 0;
	if (!copy && !late) {
		bool counts = ahead > 0 && ahead < STEP_MAX;
		*doubt = (struct esp_doubt){ number, digest, doubt->still };
		if (counts && doubt->still == 0)
			return ESP_DOUBT_COUNTS;
		if (counts)
			doubt->still--;
		else if (doubt->still < STILL_MAX)
			doubt->still++;
	}
	return doubt->still >= STILL_OTHER ? ESP_DOUBT_OTHER : ESP_DOUBT_OPEN;
}
