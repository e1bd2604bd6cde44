namespace DistBp.Cluster.Configuration.Forms;

/// <summary>
/// The keys of one map, described once for both directions: <see cref="FieldReader"/> returns what the file says, or the default;
/// <see cref="FieldWriter"/> notes down the value that it is given and returns it. So a key, its default, its limits and its place in the
/// written file stand in one line.
/// </summary>
internal interface IFields
{
    /// <param name="value">Reading: the default. Writing: what is written (null: nothing).</param>
    /// <param name="required">Whether a file that leaves the key out is wrong.</param>
    T Field<T>(string key, T value, Form<T> form, bool required = false);

    /// <summary>As <see cref="Field"/>, for a map that may be absent.</summary>
    T? Optional<T>(string key, T? value, Form<T> form) where T : class;

    /// <summary>Keys that are known but that this version refuses.</summary>
    /// <param name="why">To follow the key: "is not available in this version".</param>
    void NotAvailable(string why, params ReadOnlySpan<string> keys);

    /// <summary>Keys that are right, but that cannot be understood because of an error elsewhere.</summary>
    void Skip(params ReadOnlySpan<string> keys);
}
