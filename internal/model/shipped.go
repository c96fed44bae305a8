package model

import _ "embed"

//go:embed shipped/model.bin
var shippedModel []byte

//go:embed shipped/vectors.bin
var shippedVectors []byte

// Shipped is the model that comes with the program.
func Shipped() (*Model, error) { return Load(shippedModel, shippedVectors) }

// ShippedVectors are the word vectors of the shipped model, for training another.
func ShippedVectors() []byte { return shippedVectors }
