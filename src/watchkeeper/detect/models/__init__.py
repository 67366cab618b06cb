"""Detectors by name (`anomaly_detection.model_type`). A shelf: one file each, `build(terms) -> Model`."""
