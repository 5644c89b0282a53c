"""Makes kernel-shap.json: what shap's KernelExplainer gives for a polynomial whose every set of features is tried."""

import json
import pathlib

import numpy as np
import shap

random = np.random.default_rng(3)
background = np.round(random.normal(size=(4, 6)), 2).astype(np.float32)
rows = np.round(random.normal(size=(3, 6)), 2).astype(np.float32)
# One feature of the first row is the same as in the whole background.
background[:, 4] = rows[0, 4]


def model(x):
    first = x[:, 0] * x[:, 1] + 2 * x[:, 2] - x[:, 3] * x[:, 3] * x[:, 0] + x[:, 4]
    return np.stack([first, x[:, 5] * x[:, 1] * x[:, 2] - x[:, 4]], 1)


explainer = shap.KernelExplainer(model, background)
values = np.asarray(explainer.shap_values(rows, nsamples=1000, l1_reg=0))
case = {
    "background": background.tolist(),
    "rows": rows.tolist(),
    "base": explainer.expected_value.tolist(),
    "values": [values[row].T.tolist() for row in range(len(rows))],
}
path = pathlib.Path(__file__).with_name("kernel-shap.json")
path.write_text(json.dumps(case) + "\n")
