"""From plays to factors: ``pairs`` counts plays, ``solvers`` fit, ``fold_in`` brings new plays in, ``stored`` keeps the model."""
