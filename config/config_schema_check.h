/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What config_schema.c and config_schema_check.c share: the schema, and why a document does not fit it.
 */
#ifndef ESPIAL_CONFIG_CONFIG_SCHEMA_CHECK_H
#define ESPIAL_CONFIG_CONFIG_SCHEMA_CHECK_H

#include "config_document.h"

#include <cyaml/cyaml.h>

/* One side of `between`: in the file a scalar or a list of them, for libcyaml a mapping with the one key `prefixes`. */
extern const cyaml_schema_value_t config_schema_side;

/* The field of a key in a mapping's schema, NULL if it has none. */
const cyaml_schema_field_t *config_schema_field(const cyaml_schema_value_t *value, const char *key);

/* The kind of node that the schema wants. */
yaml_node_type_t config_schema_node_type(const cyaml_schema_value_t *value);

/*
 * Finds, in the order of the file, the first place that does not fit, and sets the error to what is wrong there. True,
 * with the error untouched, if everything fits.
 */
bool config_schema_explain(const struct config_document *document, const cyaml_schema_value_t *value,
			   struct config_error *error);

#endif
