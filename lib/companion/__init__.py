"""The build machinery of the companion: environment, notebooks, figures, manifest. No science lives here."""

import sys

# jsonschema, which reads notebooks' schema, would build a grammar of international addresses at import: a second of each notebook's process.
sys.modules.setdefault("rfc3987_syntax", None)
