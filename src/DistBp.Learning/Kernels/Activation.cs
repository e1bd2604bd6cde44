namespace DistBp.Learning.Kernels;

/// <summary>An elementwise nonlinearity y = f(x), as a kernel knows it. NaN gives NaN in all of them.</summary>
public enum Activation
{
    /// <summary>y = x.</summary>
    Identity,

    /// <summary>y = max(x, 0).</summary>
    Relu,

    /// <summary>y = x for x > 0, otherwise 0.01 · x.</summary>
    LeakyRelu,

    /// <summary>y = 1 / (1 + exp(−x)).</summary>
    Sigmoid,

    /// <summary>y = tanh(x).</summary>
    Tanh,

    /// <summary>y = x · Φ(x), Φ the standard normal distribution function (the exact form, by erf). Its derivative needs x.</summary>
    Gelu,
}
