package manifest_test

func mistakesInIsolation() []mutation { return nil }
