"""The seed network in Keras, counted by its own summary."""

import keras

keras.Sequential(
    [
        keras.Input((4096,)),
        keras.layers.Dense(512, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(80, activation="sigmoid"),
    ]
).summary()
