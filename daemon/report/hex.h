/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets as hexadecimal digits, lower case, and back. Pure. Called by what puts octets into lines of JSON and reads them.
 */
#ifndef ESPIAL_REPORT_HEX_H
#define ESPIAL_REPORT_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes two digits for each octet, and no end of a string. */
void hex_put(char *to, const uint8_t *octets, size_t count);

/* Reads `count` octets out of twice as many digits. False at what is no digit; what was read before is written then. */
bool hex_read(const char *digits, size_t count, uint8_t *octets);

#endif
