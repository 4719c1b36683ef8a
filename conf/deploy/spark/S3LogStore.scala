package moovitamix

import java.io.{ByteArrayOutputStream, FileNotFoundException, IOException}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.FileAlreadyExistsException
import java.util
import scala.util.Using

import io.delta.storage.S3SingleDriverLogStore
import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Options.CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE
import org.apache.hadoop.fs.{FileSystem, Path}
import org.apache.hadoop.fs.s3a.AWSServiceIOException

/** A table's log on S3, safe with several writers: S3 itself creates a commit's file only where there is none
  * (`If-None-Match: *`), as it does for deltalake. Delta's own class looks first and writes then, and of two
  * drivers that do so at once one takes away the other's commit.
  *
  * bin/setup-s3 compiles it.
  */
class S3LogStore(initial: Configuration) extends S3SingleDriverLogStore(initial) {

  override def write(path: Path, actions: util.Iterator[String], overwrite: java.lang.Boolean, conf: Configuration): Unit =
    if (overwrite) super.write(path, actions, overwrite, conf)
    else create(path.getFileSystem(conf), path, lines(actions))

  /** Write a file that must not be there.
    *
    * A refusal need not mean that another was first: where the answer to a request was lost it was sent again, and met
    * its own file. What lies there tells: a commit holds an id of its own, so equal bytes are ours.
    *
    * @throws FileAlreadyExistsException it is another's; Delta then looks whether the two get in each other's way
    */
  private def create(fs: FileSystem, path: Path, bytes: Array[Byte], tries: Int = S3LogStore.Tries): Unit =
    try put(fs, path, bytes)
    catch {
      case error: IOException =>
        stored(fs, path) match {
          case Some(found) if util.Arrays.equals(found, bytes) =>
          case Some(_) => throw new FileAlreadyExistsException(path.toString)
          case None if tries > 1 && S3LogStore.isPassing(error) =>
            Thread.sleep(S3LogStore.Pause)
            create(fs, path, bytes, tries - 1)
          case None => throw error
        }
    }

  private def put(fs: FileSystem, path: Path, bytes: Array[Byte]): Unit = {
    val builder = fs.createFile(path)
    builder.must(FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true) // refused by what cannot do it
    val stream = builder.build()
    try stream.write(bytes)
    catch {
      case error: Throwable =>
        stream.abort() // closing would commit a part
        throw error
    }
    stream.close() // here it is sent
  }

  private def stored(fs: FileSystem, path: Path): Option[Array[Byte]] =
    try Some(Using.resource(fs.open(path))(_.readAllBytes()))
    catch { case _: FileNotFoundException => None }

  private def lines(actions: util.Iterator[String]): Array[Byte] = {
    val bytes = new ByteArrayOutputStream
    actions.forEachRemaining(action => bytes.write((action + "\n").getBytes(UTF_8)))
    bytes.toByteArray
  }
}

object S3LogStore {
  private val Tries = 5
  private val Pause = 200L // milliseconds

  /** Another request for the same key was under way, and may come to nothing (409 ConditionalRequestConflict). */
  private def isPassing(error: IOException): Boolean = error match {
    case refused: AWSServiceIOException => refused.statusCode == 409
    case _ => false
  }
}
