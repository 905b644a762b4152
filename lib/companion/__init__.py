"""The build machinery of the companion: environment, notebooks, figures, manifest. No science lives here."""
