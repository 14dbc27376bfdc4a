package zoobalance

import java.io.File
import java.io.IOException

/** Where the last known is kept over restarts. Called off the main thread; what it throws is taken for "nothing stored". */
interface Store {
    @Throws(IOException::class)
    fun read(key: String): String?

    @Throws(IOException::class)
    fun write(key: String, text: String)

    /** Removes what this store has written, under whatever key. */
    @Throws(IOException::class)
    fun clear()
}

/** A folder of the client's own, e.g. `File(context.filesDir, "zoo-balance")`. */
class FileStore(private val folder: File) : Store {
    override fun read(key: String): String? = fileOf(key).takeIf(File::exists)?.readText()

    /** Whole or not at all: a widget may be reading, or the process may be killed. */
    override fun write(key: String, text: String) {
        folder.mkdirs()
        val next = File.createTempFile("next", null, folder)
        next.writeText(text)
        if (!next.renameTo(fileOf(key))) {
            next.delete()
            throw IOException("The last balance could not be kept")
        }
    }

    override fun clear() {
        if (!folder.deleteRecursively()) throw IOException("The last balance could not be removed")
    }

    private fun fileOf(key: String) = File(folder, key.replace(Regex("[^A-Za-z0-9]+"), "-") + ".json")
}
